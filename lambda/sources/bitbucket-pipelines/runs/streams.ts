/** The streams of the ledger: runs and deployments of each repository, and runs whose steps are still to be read. */
import type { Stream } from '../../../counters/ledger.ts';
import { minuteMs, dayMs } from '../../../model/time.ts';

/** A list may show a pipeline late. How late is not documented; one was seen after 14 s. */
export const overlapMs = 10 * minuteMs;

/** A hundred steps of two hours, each after its wait, is the longest that Bitbucket allows; real runs end within a day. */
const openForMs = 14 * dayMs;

/** A run that waits for a person for longer is let go: most pipelines with a manual step end like this. */
export const heldForMs = 7 * dayMs;

/** Finished runs whose steps were not read for a day are left out, and counted as such. */
export const stepsForMs = dayMs;

/** Runs of a repository, by its uuid: a renamed one stays itself. */
export function buildRunStream(repository: string): Stream {
  return { name: `runs ${repository}`, overlapMs, openForMs, isResumable: true };
}

export function buildDeploymentStream(repository: string): Stream {
  return { name: `deployments ${repository}`, overlapMs, openForMs, isResumable: true };
}

/** Finished runs whose steps are still to be read: its open set is the list of what is to be done. */
export const stepListStream: Stream = { name: 'steps', overlapMs, openForMs: 2 * stepsForMs };
