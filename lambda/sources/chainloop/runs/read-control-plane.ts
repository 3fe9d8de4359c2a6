/** Reads runs, workflows and releases of an organization, one after another. */
import type { Ledger } from '../../../counters/ledger.ts';
import { append } from '../../../model/lists/append.ts';
import type { MetricFamily } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import { runDuration, runsFinished, systemErrors } from '../../../model/catalogue/run-metrics.ts';
import type { Collection } from '../../source.ts';
import type { ControlPlane } from './client.ts';
import { mapOpenRuns, mapWorkflowHealth } from './map-levels.ts';
import { type EndedRun, finishRun, type MapOptions, noBranch, mapPipelineLabels } from './finish.ts';
import type { Workflow, WorkflowRun } from '../grpc-web/messages.ts';
import { policyViolations } from '../metrics.ts';
import { type Pages, readPages } from './pages.ts';
import {
  determineEnd,
  maxOpenPages,
  maxRunPages,
  readOpenRuns,
  readRuns,
  runStream,
  type IsSelected,
} from './read-runs.ts';
import {
  refreshVersions,
  mapReleases,
  releasesName,
  StoredVersions,
  describeUnclear,
  watchVersions,
} from './releases.ts';
import {
  parseStoredHealth,
  type SeenWorkflows,
  serializeHealth,
  StoredHealth,
  type HealthByWorkflow,
  healthName,
  judgeHealth,
  formatWorkflowKey,
  parseWorkflowKey,
} from './workflow-health.ts';

/** 5,000 workflows. */
const maxWorkflowPages = 50;

export interface ControlPlaneReading {
  readonly plane: ControlPlane;
  /** Absent where there is no state: levels are published all the same. */
  readonly ledger: Ledger | undefined;
  readonly tickMs: number;
  readonly isSelected: IsSelected;
  readonly options: MapOptions;
  readonly isOver: () => boolean;
  /** @throws every unexpected error. */
  readonly describeProblem: (error: unknown) => Problem;
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
  append(problems, describePageProblems(openPages, 'open runs', maxOpenPages, reading));

  const runs = ledger === undefined ? undefined : await countRuns(reading, ledger, openPages, problems);
  const { workflows, isWhole } = await listWorkflows(reading, problems);
  const releases = ledger === undefined ? [] : await watchReleases(reading, ledger, runs?.ended ?? [], problems);
  const open = runs?.open ?? openPages.items.filter(({ workflow }) => isSelected(workflow));
  return {
    families: [
      // A part of the open runs would look like fewer runs than there are.
      ...(isComplete(openPages) ? mapOpenRuns(open, workflows, tickMs, options) : []),
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
    ledger.notePartial(runStream);
    return undefined;
  }
  try {
    const runs = await readRuns(plane, ledger, openPages, isSelected, options);
    const { pages, isLost } = runs;
    // What is beyond the last page and was read in an earlier tick is no loss.
    const reported = pages.end === 'budget' && !isLost ? { ...pages, end: 'complete' as const } : pages;
    append(problems, describePageProblems(reported, 'runs', maxRunPages, reading));
    if (shouldReadAgain(pages)) ledger.notePartial(runStream);
    else ledger.noteComplete(runStream);
    // A further try would read the same newest pages: the older ones are given up, and that is told and counted.
    if (isLost) {
      const { source } = options;
      const labels = { system: 'chainloop', source, component: 'collector', error: 'window too large' };
      ledger.count(systemErrors, labels, 1);
    }
    return runs;
  } catch (error) {
    problems.push(reading.describeProblem(error));
    ledger.notePartial(runStream);
    return undefined;
  }
}

/** The next tick may find what this one could not reach. */
function shouldReadAgain({ end, lacking }: Pages<WorkflowRun>): boolean {
  return end === 'failed' || end === 'circle' || lacking > 0;
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
      keyOf: formatWorkflowKey,
      read: async (page = 1, pageSize) => {
        const { workflows, totalPages, unreadable, total } = await plane.requestWorkflows(page, pageSize);
        return { items: workflows, unreadable, total, next: page < totalPages ? page + 1 : undefined };
      },
    });
    append(problems, describePageProblems(pages, 'workflows', maxWorkflowPages, reading));
    const isWhole = isComplete(pages) && pages.unreadable === 0;
    return { workflows: pages.items.filter(isSelected), isWhole };
  } catch (error) {
    problems.push(reading.describeProblem(error));
    return { workflows: [], isWhole: false };
  }
}

function isComplete({ end, lacking }: Pages<unknown>): boolean {
  return end === 'complete' && lacking === 0;
}

function judgeWorkflows(
  { ledger, tickMs, options }: ControlPlaneReading,
  seen: SeenWorkflows,
  isWhole: boolean,
): readonly MetricFamily[] {
  const { workflows } = seen;
  const before = parseStoredHealth(ledger?.recall(healthName, StoredHealth));
  const health = judgeHealth(seen, before, ledger?.now() ?? tickMs);
  if (ledger !== undefined && isWhole) endGoneWorkflows(ledger, before, health, options);
  if (ledger !== undefined && workflows.length > 0) {
    // Since when a workflow is down must outlive a page that could not be read.
    ledger.remember(healthName, serializeHealth(isWhole ? health : new Map([...before, ...health])));
    for (const workflow of workflows) declareWorkflow(ledger, workflow, options);
  }
  return mapWorkflowHealth(workflows, health, tickMs, options);
}

/** A workflow that a complete list does not show any more was deleted; its last result must not stay for weeks. */
function endGoneWorkflows(
  ledger: Ledger,
  before: HealthByWorkflow,
  now: HealthByWorkflow,
  { source }: MapOptions,
): void {
  for (const key of before.keys()) if (!now.has(key)) ledger.endMarks(mapPipelineLabels(parseWorkflowKey(key), source));
}

/** So that `increase()` sees the first failure, and the last success is known although it is older than the collector. */
function declareWorkflow(ledger: Ledger, { lastRun, ...workflow }: Workflow, options: MapOptions): void {
  if (lastRun === undefined) return;
  const labels = mapPipelineLabels(workflow, options.source);
  for (const result of ['success', 'failure', 'error'] as const) {
    ledger.declare(runsFinished, { ...labels, result, attempt: 'first', branch: noBranch });
  }
  ledger.declare(runDuration, { ...labels, result: 'success' });
  ledger.declare(policyViolations, labels);
  if (!ledger.openWindow(runStream).isFirst) return;
  const end = determineEnd(lastRun, ledger.now(), false);
  if (end === undefined || end.endedMs >= ledger.epochMs) return;
  ledger.countFinish(runStream, lastRun.id, finishRun({ ...lastRun, ...end, workflow }, options));
}

async function watchReleases(
  reading: ControlPlaneReading,
  ledger: Ledger,
  ended: readonly EndedRun[],
  problems: Problem[],
): Promise<readonly MetricFamily[]> {
  const { plane, options } = reading;
  let versions = watchVersions(ledger.recall(releasesName, StoredVersions) ?? [], ended, ledger.now());
  try {
    if (!reading.isOver()) versions = await refreshVersions(plane, versions, ledger.now());
  } catch (error) {
    problems.push(reading.describeProblem(error));
  }
  const message = describeUnclear(versions);
  if (message !== undefined) problems.push({ kind: 'bad-response', where: reading.where, message });
  ledger.remember(releasesName, versions);
  return [mapReleases(versions, options)];
}

function describePageProblems(
  pages: Pages<unknown>,
  what: string,
  maxPages: number,
  { describeProblem, where }: ControlPlaneReading,
): readonly Problem[] {
  const problems: Problem[] = pages.end === 'failed' ? [describeProblem(pages.error)] : [];
  if (pages.end === 'budget') {
    const message = `more than ${String(maxPages)} pages of ${what}; the rest was left out and is not counted, so run more often or select fewer projects with another token`;
    problems.push({ kind: 'bad-response', where, message });
  }
  if (pages.end === 'circle') {
    const message = `the list of ${what} leads back to a page that was read already, so its end cannot be reached; it is read again in the next run`;
    problems.push({ kind: 'bad-response', where, message });
  }
  if (pages.lacking > 0) {
    const message = `the pages of ${what} leave out some where two meet (${String(pages.lacking)} by their count), in a second reading too; the list is read again in the next run`;
    problems.push({ kind: 'bad-response', where, message });
  }
  if (pages.unreadable > 0) {
    const message = `${String(pages.unreadable)} ${what} are not what the API documents and were left out; the others are published`;
    problems.push({ kind: 'bad-response', where, message });
  }
  return problems;
}
