import * as z from 'zod';
import { HttpStatusError } from '../../http/errors.ts';
import { gauge, type GaugeFamily } from '../../model/metric.ts';
import type { ControlPlane } from './control-plane.ts';
import { type EndedRun, type MapOptions, pipelineOf } from './map.ts';
import type { WorkflowRun } from './messages.ts';
import { unattestedReleases } from './metrics.ts';

/**
 * Versions of projects for which a workflow has a run that did not succeed. Whether one of its other runs did, and
 * whether the version was released meanwhile, has to be asked for: a release comes days after the runs.
 */

/** The name under which the ledger keeps them. */
export const releasesName = 'releases';

const StoredVersion = z.object({
  project: z.string(),
  workflow: z.string(),
  version: z.string(),
  /** `attested`: has a run that succeeded; kept, so that it is not asked about again. */
  state: z.enum(['pending', 'released', 'attested']),
  sinceMs: z.number(),
  /** 0: never. */
  askedMs: z.number(),
});
export const StoredVersions = z.array(StoredVersion);
type Version = Readonly<z.infer<typeof StoredVersion>>;

const minuteMs = 60_000;
/** As long as the help text of the metric says. */
const keptMs = 7 * 24 * 60 * minuteMs;
/** A bound for the state; a hundred unattested versions need no exact number. */
const maxKept = 100;
/** Requests a run. */
const maxAsked = 5;
/** A release is no matter of minutes. */
const askAgainMs = 10 * minuteMs;

function keyOf({ project, workflow, version }: Pick<Version, 'project' | 'workflow' | 'version'>): string {
  return JSON.stringify([project, workflow, version]);
}

/** The versions that are watched after this tick's ended runs. */
export function watched(before: readonly Version[], ended: readonly EndedRun[], tickMs: number): readonly Version[] {
  const fresh = before.filter(({ sinceMs }) => sinceMs > tickMs - keptMs);
  const versions = new Map(fresh.map((version) => [keyOf(version), version]));
  for (const run of ended) {
    const name = run.version?.name ?? '';
    // Runs without a named version belong to no release.
    if (name === '') continue;
    const own = { project: run.workflow.project, workflow: run.workflow.name, version: name };
    const known = versions.get(keyOf(own));
    if (run.result === 'success') {
      if (known !== undefined) versions.set(keyOf(own), { ...known, state: 'attested' });
    } else if (known === undefined) {
      versions.set(keyOf(own), { ...own, state: 'pending', sinceMs: tickMs, askedMs: 0 });
    }
  }
  return [...versions.values()].toSorted((a, b) => b.sinceMs - a.sinceMs).slice(0, maxKept);
}

/** Asks about the versions that were not asked about for longest. @throws what the control plane throws. */
export async function asked(
  plane: ControlPlane,
  versions: readonly Version[],
  tickMs: number,
): Promise<readonly Version[]> {
  const due = versions
    .filter(({ state, askedMs }) => state !== 'attested' && askedMs <= tickMs - askAgainMs)
    .toSorted((a, b) => a.askedMs - b.askedMs)
    .slice(0, maxAsked);
  const answers = new Map<string, Version>();
  for (const version of due) {
    const runs = await runsOf(plane, version);
    answers.set(keyOf(version), { ...version, state: stateOf(runs), askedMs: tickMs });
  }
  return versions.map((version) => answers.get(keyOf(version)) ?? version);
}

async function runsOf(plane: ControlPlane, { project, workflow: name, version }: Version) {
  try {
    return (await plane.runs({ of: { project, name, version } })).runs;
  } catch (error) {
    // The version, or its project, was deleted.
    if (error instanceof HttpStatusError && error.status === 404) return [];
    throw error;
  }
}

function stateOf(runs: readonly WorkflowRun[]): Version['state'] {
  if (runs.some(({ status }) => status === 'succeeded')) return 'attested';
  return runs.some(({ version }) => version?.isReleased === true) ? 'released' : 'pending';
}

/** One sample for each workflow that is watched. */
export function releaseFamily(versions: readonly Version[], { source }: MapOptions): GaugeFamily {
  const counts = new Map<string, { name: string; project: string; released: number }>();
  for (const { project, workflow: name, state } of versions) {
    const key = JSON.stringify([project, name]);
    const entry = counts.get(key) ?? { name, project, released: 0 };
    counts.set(key, { ...entry, released: entry.released + (state === 'released' ? 1 : 0) });
  }
  return gauge(
    unattestedReleases,
    [...counts.values()].map(({ released, ...workflow }) => ({
      labels: pipelineOf(workflow, source),
      value: released,
    })),
  );
}
