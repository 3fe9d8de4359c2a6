/** Tests of the simulated organization: the same life for the same seed, and a life that could be real. */
import { describe, expect, it } from 'vitest';
import { findRunMoment, showJob } from '../../../../lambda/demo/simulators/github/organization/moments.ts';
import { createOrganization } from '../../../../lambda/demo/simulators/github/organization/organization.ts';
import type {
  AttemptRecord,
  Happening,
  JobRecord,
  RepositoryRecord,
} from '../../../../lambda/demo/simulators/github/organization/records.ts';
import { startMs } from './simulated-github.ts';

const secondMs = 1000;
const hourMs = 3600 * secondMs;

/** Long enough for every odd thing to happen. */
const dayMs = 24 * hourMs;

function jobsOf(repositories: readonly RepositoryRecord[]): readonly (JobRecord & { readonly of: AttemptRecord })[] {
  return repositories.flatMap(({ runs }) =>
    runs.flatMap(({ attempts }) => attempts.flatMap((of) => of.jobs.map((job) => ({ ...job, of })))),
  );
}

/** Without those that an earlier attempt has run. */
function ownJobsOf(repositories: readonly RepositoryRecord[]): readonly JobRecord[] {
  return jobsOf(repositories).filter(({ of, createdMs }) => createdMs >= of.startedMs);
}

describe('the simulated organization', () => {
  it('lives the same life for the same seed, however the time is cut into steps', () => {
    const atOnce = createOrganization({ seed: 7, startMs });
    const inSteps = createOrganization({ seed: 7, startMs });
    const other = createOrganization({ seed: 8, startMs });

    atOnce.advance(startMs + hourMs);
    for (let ms = 0; ms <= hourMs; ms += 7919) inSteps.advance(startMs + ms);
    inSteps.advance(startMs + hourMs);
    inSteps.advance(startMs);
    other.advance(startMs + hourMs);

    expect(jobsOf(inSteps.repositories)).toEqual(jobsOf(atOnce.repositories));
    expect(jobsOf(other.repositories)).not.toEqual(jobsOf(atOnce.repositories));
  });

  it('tells a simulated hour in minutes at a speed of ten, with the same work', () => {
    const slow = createOrganization({ seed: 7, startMs, historyHours: 0 });
    const fast = createOrganization({ seed: 7, startMs, historyHours: 0, speed: 10 });

    slow.advance(startMs + hourMs);
    fast.advance(startMs + hourMs / 10);

    const [first, again] = [slow, fast].map(({ repositories }) => repositories[0]?.runs ?? []);
    expect(first?.length).toBeGreaterThan(20);
    expect(Math.abs((first?.length ?? 0) - (again?.length ?? 0))).toBeLessThanOrEqual(2);
  });

  it('has everything happen that can happen to runs and jobs', () => {
    const { repositories, advance } = createOrganization({ seed: 1, startMs });
    advance(startMs + dayMs);

    const runs = repositories.flatMap((repository) => repository.runs);
    const attempts = runs.flatMap((run) => run.attempts);
    const nowMs = startMs + dayMs;
    const moments = runs.flatMap((run) => findRunMoment(run, nowMs) ?? []);
    expect(new Set(moments.flatMap(({ conclusion }) => conclusion ?? []))).toEqual(
      new Set(['success', 'failure', 'cancelled', 'skipped', 'startup_failure', 'action_required']),
    );
    expect(attempts.some(({ number }) => number > 1)).toBe(true);
    expect(
      ownJobsOf(repositories).some(
        ({ conclusion, startedMs, endedMs }) => conclusion === 'cancelled' && startedMs === endedMs,
      ),
    ).toBe(true);
    // A job that was run by an earlier attempt has its old times.
    expect(jobsOf(repositories).some(({ of, endedMs }) => endedMs < of.startedMs)).toBe(true);
    // A run that is queued for ever and has no job.
    expect(
      attempts.some(
        ({ jobs, endedMs, startedMs }) => jobs.length === 0 && endedMs === Infinity && startedMs < nowMs - hourMs,
      ),
    ).toBe(true);
    // Of those that wait for a run of their group, only the newest is kept.
    expect(
      attempts.some(
        ({ jobs, freedMs, conclusion }) => jobs.length === 0 && freedMs === Infinity && conclusion === 'cancelled',
      ),
    ).toBe(true);
  });

  it('begins no job before it waits, ends none before it begins, and gives no machine two of them', () => {
    const { repositories, pools, advance } = createOrganization({ seed: 3, startMs });
    advance(startMs + dayMs);

    const jobs = ownJobsOf(repositories).filter(({ runner }) => runner !== undefined);
    expect(jobs.length).toBeGreaterThan(1000);
    const wrong = jobs.filter(
      ({ createdMs, queuedMs, startedMs, endedMs }) =>
        !(createdMs <= queuedMs && queuedMs <= startedMs && startedMs <= endedMs),
    );
    expect(wrong).toEqual([]);
    for (const [, same] of Map.groupBy(jobs, ({ runner }) => runner?.id)) {
      const inOrder = same.toSorted((a, b) => a.startedMs - b.startedMs);
      expect(inOrder.every((job, index) => job.startedMs >= (inOrder[index - 1]?.endedMs ?? 0))).toBe(true);
    }
    for (const { plan } of pools) {
      const ofPool = jobs.filter(({ plan: job }) => job.pool === plan.name);
      const atMs = startMs + dayMs / 2;
      const running = ofPool.filter((job) => showJob(job, atMs).status === 'in_progress');
      expect(running.length).toBeLessThanOrEqual(plan.size);
    }
  });

  it('leaves no job waiting while a machine that can take it is idle', () => {
    const { repositories, pools, advance } = createOrganization({ seed: 3, startMs });
    const pool = pools.find(({ plan }) => plan.name === 'linux');
    let waited = 0;
    for (let minute = 1; minute < 600; minute += 1) {
      const nowMs = startMs + minute * 60 * secondMs;
      advance(nowMs);
      const jobs = ownJobsOf(repositories).filter(({ plan }) => plan.pool === 'linux');
      const [queued, running] = ['queued', 'in_progress'].map(
        (status) => jobs.filter((job) => showJob(job, nowMs).status === status).length,
      );
      const busy = pool?.runners.filter(({ busyUntilMs }) => busyUntilMs === Infinity).length ?? 0;
      // A machine that was given a job begins with it some seconds later.
      const given = busy - (running ?? 0);
      if ((queued ?? 0) <= given) continue;
      waited += 1;
      expect(busy).toBe(pool?.plan.size);
    }
    expect(waited).toBeGreaterThan(5);
  });

  it('comes to rest, with nothing open but what nobody looks at', () => {
    const { repositories, advance, rest } = createOrganization({ seed: 2, startMs });
    rest();
    advance(startMs + dayMs);
    const open = ownJobsOf(repositories).filter(({ endedMs }) => endedMs === Infinity);
    expect(open).toEqual([]);
  });

  it('tells every change once, in the order of time', () => {
    const told: Happening[] = [];
    const { repositories, advance } = createOrganization({ seed: 2, startMs, observe: (one) => told.push(one) });
    advance(startMs + dayMs);

    expect(told.map(({ atMs }) => atMs)).toEqual(told.map(({ atMs }) => atMs).sort((a, b) => a - b));
    const ends = told.filter(({ job, action }) => job !== undefined && action === 'completed');
    expect(new Set(ends.map(({ job }) => job?.id)).size).toBe(ends.length);
    const ended = ownJobsOf(repositories).filter(({ endedMs }) => endedMs <= startMs + dayMs);
    expect(ends.length).toBe(ended.length);
  });
});
