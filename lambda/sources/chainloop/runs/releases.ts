/** Watches released versions until a run of each workflow has succeeded. */

/**
 * Versions of projects for which a workflow has a run that did not succeed. Whether one of its other runs did, and
 * whether the version was released meanwhile, has to be asked for: a release comes days after the runs.
 */
import * as z from 'zod';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { buildGauge, type GaugeFamily } from '../../../model/metric.ts';
import type { ControlPlane } from './client.ts';
import { type EndedRun, type MapOptions, mapPipelineLabels } from './finish.ts';
import type { RunPage, WorkflowRun } from '../grpc-web/messages.ts';
import { unattestedReleases } from '../metrics.ts';
import { minuteMs, dayMs } from '../../../model/time.ts';

/** The name under which the ledger keeps them. */
export const releasesName = 'releases';

const StoredVersion = z.object({
  project: z.string(),
  workflow: z.string(),
  version: z.string(),
  /** A UUID, for servers that filter by nothing else. */
  id: z.string().optional(),
  /**
   * `attested`: has a run that succeeded; kept, so that it is not asked about again. `unclear`: the server has more runs
   * of the workflow than may be read, and does not pick out those of the version.
   */
  state: z.enum(['pending', 'released', 'attested', 'unclear']),
  sinceMs: z.number(),
  /** 0: never. */
  askedMs: z.number(),
});
export const StoredVersions = z.array(StoredVersion);
type Version = Readonly<z.infer<typeof StoredVersion>>;

/** As long as the help text of the metric says. */
const keptMs = 7 * dayMs;
/** A bound for the state; a hundred unattested versions need no exact number. */
const maxKept = 100;
/** Versions a run. */
const maxPerRun = 5;
/** For one version: 400 runs of it, or of the whole workflow at a server that knows no filter for versions. */
const maxPages = 4;
/** A release is no matter of minutes. */
const refreshAfterMs = 10 * minuteMs;

function formatVersionKey({ project, workflow, version }: Pick<Version, 'project' | 'workflow' | 'version'>): string {
  return JSON.stringify([project, workflow, version]);
}

/** The versions that are watched after this tick's ended runs. */
export function watchVersions(
  before: readonly Version[],
  ended: readonly EndedRun[],
  nowMs: number,
): readonly Version[] {
  const fresh = before.filter(({ sinceMs }) => sinceMs > nowMs - keptMs);
  const versions = new Map(fresh.map((version) => [formatVersionKey(version), version]));
  for (const run of ended) {
    const name = run.version?.name ?? '';
    // Runs without a named version belong to no release.
    if (name === '') continue;
    const id = run.version?.id;
    const own = { project: run.workflow.project, workflow: run.workflow.name, version: name };
    const known = versions.get(formatVersionKey(own));
    if (run.result === 'success') {
      if (known !== undefined) versions.set(formatVersionKey(own), { ...known, state: 'attested' });
    } else if (known === undefined) {
      versions.set(formatVersionKey(own), {
        ...own,
        ...(id === undefined ? {} : { id }),
        state: 'pending',
        sinceMs: nowMs,
        askedMs: 0,
      });
    }
  }
  return [...versions.values()].toSorted((a, b) => b.sinceMs - a.sinceMs).slice(0, maxKept);
}

/** Asks about the versions that were not asked about for longest. @throws what the control plane throws. */
export async function refreshVersions(
  plane: ControlPlane,
  versions: readonly Version[],
  nowMs: number,
): Promise<readonly Version[]> {
  const due = versions
    .filter(({ state, askedMs }) => state !== 'attested' && askedMs <= nowMs - refreshAfterMs)
    .toSorted((a, b) => a.askedMs - b.askedMs)
    .slice(0, maxPerRun);
  const answers = new Map<string, Version>();
  for (const version of due) {
    answers.set(formatVersionKey(version), { ...version, state: await determineState(plane, version), askedMs: nowMs });
  }
  return versions.map((version) => answers.get(formatVersionKey(version)) ?? version);
}

async function determineState(plane: ControlPlane, version: Version): Promise<Version['state']> {
  let isReleased = false;
  let cursor: string | undefined;
  for (let count = 0; count < maxPages; count += 1) {
    const { runs, nextCursor, unreadable } = await requestVersionRuns(plane, version, cursor);
    // A server may not know the filter, or not this one, and then lists other versions too.
    const own = runs.filter((run) => isOf(run, version));
    if (own.some(({ status }) => status === 'succeeded')) return 'attested';
    isReleased ||= own.some((run) => run.version?.isReleased === true);
    // What cannot be read may be the success.
    if (unreadable > 0) return 'unclear';
    if (nextCursor === '') return isReleased ? 'released' : 'pending';
    cursor = nextCursor;
  }
  return 'unclear';
}

function isOf(run: WorkflowRun, { project, workflow, version }: Version): boolean {
  return run.version?.name === version && run.workflow.project === project && run.workflow.name === workflow;
}

const noRuns: RunPage = { runs: [], nextCursor: '', unreadable: 0 };

async function requestVersionRuns(plane: ControlPlane, version: Version, cursor: string | undefined): Promise<RunPage> {
  const { project, workflow: name, id: versionId } = version;
  const of = { project, name, version: version.version, versionId };
  try {
    return await plane.requestRuns({ of, ...(cursor === undefined ? {} : { cursor }) });
  } catch (error) {
    // The version, its workflow or its project was deleted.
    if (error instanceof HttpStatusError && error.status === 404) return noRuns;
    throw error;
  }
}

/** Describes which releases are left out, and why; undefined where none is. */
export function describeUnclear(versions: readonly Version[]): string | undefined {
  const unclear = versions.filter(({ state }) => state === 'unclear').length;
  if (unclear === 0) return undefined;
  return `of ${String(unclear)} versions it is not known whether a run succeeded, for more than ${String(maxPages)} pages of runs would have to be read, or some cannot be read; ci_releases_unattested leaves their workflows out, and a server from v1.100.0 on picks the runs of a version out by itself`;
}

/** One sample for each workflow that is watched and of which everything is known. */
export function mapReleases(versions: readonly Version[], { source }: MapOptions): GaugeFamily {
  const counts = new Map<string, { name: string; project: string; released: number }>();
  const unclear = new Set<string>();
  for (const { project, workflow: name, state } of versions) {
    const key = JSON.stringify([project, name]);
    const entry = counts.get(key) ?? { name, project, released: 0 };
    counts.set(key, { ...entry, released: entry.released + (state === 'released' ? 1 : 0) });
    if (state === 'unclear') unclear.add(key);
  }
  return buildGauge(
    unattestedReleases,
    [...counts]
      .filter(([key]) => !unclear.has(key))
      .map(([, { released, ...workflow }]) => ({ labels: mapPipelineLabels(workflow, source), value: released })),
  );
}
