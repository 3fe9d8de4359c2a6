import type { Ledger } from '../../counters/ledger.ts';
import { append } from '../../model/append.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import { runDuration, runsFinished, systemErrors } from '../../model/run-metrics.ts';
import type { Collection } from '../source.ts';
import type { ControlPlane } from './control-plane.ts';
import { activeFamilies, verdictFamilies } from './gauges.ts';
import { finishOf, type MapOptions, noBranch, pipelineOf } from './map.ts';
import type { Workflow, WorkflowRun } from './messages.ts';
import { policyViolations } from './metrics.ts';
import { type Pages, readPages } from './pages.ts';
import { endOf, maxOpenPages, maxRunPages, readOpenRuns, readRuns, runStream, type Selected } from './read-runs.ts';
import { asked, releaseFamily, releasesName, StoredVersions, watched } from './releases.ts';
import { fromStored, type Seen, stored, StoredVerdicts, verdictsName, verdictsOf } from './verdicts.ts';

/** 5,000 workflows. */
const maxWorkflowPages = 50;

export interface ControlPlaneReading {
  readonly plane: ControlPlane;
  /** Absent where there is no state: levels are published all the same. */
  readonly ledger: Ledger | undefined;
  readonly tickMs: number;
  readonly isSelected: Selected;
  readonly options: MapOptions;
  readonly isOver: () => boolean;
  /** @throws what is not an expected failure. */
  readonly problemOf: (error: unknown) => Problem;
  /** `chainloop/main` */
  readonly where: string;
}

/**
 * Runs, workflows and releases, one after another; the later ones are left out when time is over.
 * @throws what the control plane throws for its first answer.
 */
export async function readControlPlane(reading: ControlPlaneReading): Promise<Collection> {
  const { plane, options, tickMs, isSelected, ledger } = reading;
  const problems: Problem[] = [];
  const openPages = await readOpenRuns(plane);
  append(problems, pageProblems(openPages, 'open runs', maxOpenPages, reading));

  const runs = ledger === undefined ? undefined : await countRuns(reading, ledger, openPages, problems);
  const { workflows, isWhole } = await listWorkflows(reading, problems);
  const releases = ledger === undefined ? [] : await watchReleases(reading, ledger, runs?.ended ?? [], problems);
  const open = runs?.open ?? openPages.items.filter(({ workflow }) => isSelected(workflow));
  return {
    families: [
      // Half of the open runs would look like few.
      ...(openPages.end === 'complete' ? activeFamilies(open, workflows, tickMs, options) : []),
      ...judgeWorkflows(reading, { workflows, ended: runs?.ended ?? [] }, isWhole),
      ...releases,
    ],
    problems,
  };
}

async function countRuns(
  reading: ControlPlaneReading,
  ledger: Ledger,
  openPages: Pages<WorkflowRun>,
  problems: Problem[],
) {
  const { plane, isSelected, options } = reading;
  if (reading.isOver()) {
    ledger.readPartly(runStream);
    return undefined;
  }
  try {
    const runs = await readRuns(plane, ledger, openPages, isSelected, options);
    append(problems, pageProblems(runs.pages, 'runs', maxRunPages, reading));
    if (runs.pages.end === 'failed') ledger.readPartly(runStream);
    else ledger.readCompletely(runStream);
    // A further try would read the same newest pages: the older ones are given up, and that is told.
    if (runs.pages.end === 'budget') {
      const { source } = options;
      const labels = { system: 'chainloop', source, component: 'collector', error: 'window too large' };
      ledger.count(systemErrors, labels, 1);
    }
    return runs;
  } catch (error) {
    problems.push(reading.problemOf(error));
    ledger.readPartly(runStream);
    return undefined;
  }
}

interface WorkflowList {
  readonly workflows: readonly Workflow[];
  /** Whether a workflow that is not listed is gone. */
  readonly isWhole: boolean;
}

async function listWorkflows(reading: ControlPlaneReading, problems: Problem[]): Promise<WorkflowList> {
  const { plane, isSelected } = reading;
  if (reading.isOver()) return { workflows: [], isWhole: false };
  try {
    const pages = await readPages<Workflow, number>({
      maxPages: maxWorkflowPages,
      read: async (page = 1) => {
        const { workflows, totalPages, unreadable } = await plane.workflows(page);
        return { items: workflows, unreadable, next: page < totalPages ? page + 1 : undefined };
      },
    });
    append(problems, pageProblems(pages, 'workflows', maxWorkflowPages, reading));
    const isWhole = pages.end === 'complete' && pages.unreadable === 0;
    return { workflows: distinct(pages.items).filter(isSelected), isWhole };
  } catch (error) {
    problems.push(reading.problemOf(error));
    return { workflows: [], isWhole: false };
  }
}

/** Pages shift while they are read, so a workflow may come twice. */
function distinct(workflows: readonly Workflow[]): readonly Workflow[] {
  const keyed = new Map(workflows.map((workflow) => [JSON.stringify([workflow.project, workflow.name]), workflow]));
  return [...keyed.values()];
}

function judgeWorkflows(
  { ledger, tickMs, options }: ControlPlaneReading,
  seen: Seen,
  isWhole: boolean,
): readonly MetricFamily[] {
  const { workflows } = seen;
  const before = fromStored(ledger?.recall(verdictsName, StoredVerdicts));
  const verdicts = verdictsOf(seen, before, tickMs);
  if (ledger !== undefined && workflows.length > 0) {
    // Since when a workflow is down must outlive a page that could not be read.
    ledger.remember(verdictsName, stored(isWhole ? verdicts : new Map([...before, ...verdicts])));
    for (const workflow of workflows) introduce(ledger, workflow, options);
  }
  return verdictFamilies(workflows, verdicts, tickMs, options);
}

/** So that `increase()` sees the first failure, and the last success is known although it is older than the collector. */
function introduce(ledger: Ledger, { lastRun, ...workflow }: Workflow, options: MapOptions): void {
  if (lastRun === undefined) return;
  const labels = pipelineOf(workflow, options.source);
  for (const result of ['success', 'failure', 'error'] as const) {
    ledger.declare(runsFinished, { ...labels, result, attempt: 'first', branch: noBranch });
  }
  ledger.declare(runDuration, { ...labels, result: 'success' });
  ledger.declare(policyViolations, labels);
  if (!ledger.window(runStream).isFirst) return;
  const end = endOf(lastRun, ledger.tickMs, false);
  if (end === undefined || end.endedMs >= ledger.epochMs) return;
  ledger.sawFinished(runStream, lastRun.id, finishOf({ ...lastRun, ...end, workflow }, options));
}

async function watchReleases(
  reading: ControlPlaneReading,
  ledger: Ledger,
  ended: Parameters<typeof watched>[1],
  problems: Problem[],
): Promise<readonly MetricFamily[]> {
  const { plane, tickMs, options } = reading;
  let versions = watched(ledger.recall(releasesName, StoredVersions) ?? [], ended, tickMs);
  try {
    if (!reading.isOver()) versions = await asked(plane, versions, tickMs);
  } catch (error) {
    problems.push(reading.problemOf(error));
  }
  ledger.remember(releasesName, versions);
  return [releaseFamily(versions, options)];
}

function pageProblems(
  pages: Pages<unknown>,
  what: string,
  maxPages: number,
  { problemOf, where }: ControlPlaneReading,
): readonly Problem[] {
  const problems: Problem[] = pages.end === 'failed' ? [problemOf(pages.error)] : [];
  if (pages.end === 'budget') {
    const message = `more than ${String(maxPages)} pages of ${what}; the rest was left out and is not counted, so run more often or select fewer projects with another token`;
    problems.push({ kind: 'bad-response', where, message });
  }
  if (pages.unreadable > 0) {
    const message = `${String(pages.unreadable)} ${what} are not what the API documents and were left out; the others are published`;
    problems.push({ kind: 'bad-response', where, message });
  }
  return problems;
}
