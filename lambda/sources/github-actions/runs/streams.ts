/** The streams of the ledger: runs of each repository, jobs of all, and ended runs whose jobs are still to be read. */
import type { Stream } from '../../../counters/ledger.ts';
import { dayMs, hourMs, minuteMs } from '../../../model/time.ts';

/** The list lags behind what happens; by how much is not documented. */
const overlapMs = 10 * minuteMs;

/** A run is ended by GitHub after 35 days, its waits included (GitHub docs, "Actions limits"). */
const openForMs = 36 * dayMs;

/** Ended runs whose jobs were not read for so long are left out, and counted as such. */
export const jobsForMs = 3 * hourMs;

/** The jobs of a run that is open for longer are read in between, so that no end of a job is older when it is read. */
export const openJobsEveryMs = 3 * hourMs;

/** Attempts of runs of a repository, by its id: a renamed one stays itself. */
export function buildRunStream(repository: string): Stream {
  return { name: `runs ${repository}`, overlapMs, openForMs, isResumable: true };
}

/** A deployment may wait for its approval for 30 days. */
export function buildDeploymentStream(repository: string): Stream {
  return { name: `deployments ${repository}`, overlapMs, openForMs, isResumable: true };
}

/**
 * Ends of jobs, told by an event or by the jobs of their run, whichever comes first. The second may come as late as the
 * jobs of a run are still read, so that keys are kept for as long: 27 bytes each.
 */
export const jobStream: Stream = { name: 'jobs', overlapMs: jobsForMs + openJobsEveryMs + hourMs };

/** Ended runs whose jobs are still to be read: its open set is the list of what is to be done. */
export const jobListStream: Stream = { name: 'job lists', overlapMs, openForMs: 2 * jobsForMs };
