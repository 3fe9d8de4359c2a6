/** The truth about what a simulated organization has finished, to compare the collector's counts with. */
import type { SimulatedOrganization } from '../../../../lambda/demo/simulators/github/organization/organization.ts';
import type { RunConclusion } from '../../../../lambda/demo/simulators/github/organization/records.ts';

/** What finished, by keys as `acme/shop success retry` and `success`. */
export interface Finishes {
  readonly runs: Readonly<Record<string, number>>;
  readonly jobs: Readonly<Record<string, number>>;
}

const resultOf: Readonly<Record<RunConclusion, string>> = {
  success: 'success',
  neutral: 'success',
  failure: 'failure',
  startup_failure: 'error',
  stale: 'error',
  timed_out: 'timeout',
  cancelled: 'cancellation',
  skipped: 'skip',
  action_required: 'never',
};

/** Attempts, and jobs of attempts, that ended then or later, and by now; a job that was carried over has ended before. Epoch milliseconds. */
export function countFinishes(
  { login, repositories }: SimulatedOrganization,
  sinceMs: number,
  nowMs: number,
): Finishes {
  const isMeant = ({ endedMs }: { readonly endedMs: number }): boolean => endedMs >= sinceMs && endedMs <= nowMs;
  const attempts = repositories.flatMap(({ plan, runs }) =>
    runs.flatMap((run) => run.attempts.filter(isMeant).map((attempt) => ({ scope: `${login}/${plan.name}`, attempt }))),
  );
  const runs = attempts.map(({ scope, attempt: { conclusion, number } }) =>
    [scope, resultOf[conclusion], number === 1 ? 'first' : 'retry'].join(' '),
  );
  const jobs = attempts.flatMap(({ attempt }) =>
    attempt.jobs.filter((job) => job.createdMs >= attempt.startedMs && isMeant(job)),
  );
  return { runs: count(runs), jobs: count(jobs.map(({ conclusion }) => resultOf[conclusion])) };
}

function count(keys: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(keys, (key) => key)].map(([key, same]) => [key, same.length]));
}
