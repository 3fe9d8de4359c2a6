/** Gives the jobs of the simulated organization to machines: its own, ephemeral ones, and those of GitHub. */
import type { PoolPlan } from './plan.ts';
import type { JobRecord, RegisteredRunner, RunnerRecord } from './records.ts';

export interface Pool {
  readonly plan: PoolPlan;
  /** The job waits in line; `begin` is called once a machine has it, with the machine. */
  enqueue(job: JobRecord, atMs: number): void;
  /** Its machine is free again. */
  release(job: JobRecord, atMs: number): void;
  /** It waits no more. False where a machine has it already. */
  withdraw(job: JobRecord): boolean;
  /** Those that the list of runners shows at some time; hosted machines are in none. */
  readonly runners: readonly RegisteredRunner[];
}

export interface PoolOptions {
  readonly plan: PoolPlan;
  /** First id of its machines. */
  readonly firstId: number;
  readonly groupId: number;
  readonly startMs: number;
  readonly begin: (job: JobRecord, runner: RunnerRecord, atMs: number) => void;
}

/** Ephemeral machines that are gone and are still remembered; lists show none of them. */
const keptEphemeral = 50;

export function createPool({ plan, firstId, groupId, startMs, begin }: PoolOptions): Pool {
  const { kind, name, labels, size, isOffline = false, isLarger = false } = plan;
  const { group = isLarger ? 'Default Larger Runners' : 'Default' } = plan;
  // Larger runners are in groups of the organization, as its own ones are.
  const isUsual = kind === 'hosted' && !isLarger;
  const group0 = isUsual ? { groupId: 0, groupName: 'GitHub Actions' } : { groupId, groupName: group };
  const waiting: JobRecord[] = [];
  const working = new Map<JobRecord, RegisteredRunner>();
  const runners: RegisteredRunner[] = [];
  let made = 0;

  const register = (fromMs: number): RegisteredRunner => {
    made += 1;
    const runner: RegisteredRunner = {
      ...{ id: firstId + made, name: `${name}-${String(made)}`, ...group0 },
      ...{ labels, isEphemeral: kind === 'ephemeral', isOnline: !isOffline },
      ...{ fromMs, untilMs: Infinity, busyFromMs: Infinity, busyUntilMs: fromMs },
    };
    runners.push(runner);
    if (kind !== 'self-hosted' && runners.length > keptEphemeral) runners.shift();
    return runner;
  };
  if (kind === 'self-hosted') for (let index = 0; index < size; index += 1) register(startMs);

  const findFree = (atMs: number): RegisteredRunner | undefined => {
    if (isOffline || working.size >= size) return undefined;
    if (kind !== 'self-hosted') return register(atMs);
    const taken = new Set(working.values());
    return runners.find((runner) => !taken.has(runner));
  };
  const serve = (atMs: number): void => {
    for (let job = waiting[0]; job !== undefined; job = waiting[0]) {
      const runner = findFree(atMs);
      if (runner === undefined) return;
      waiting.shift();
      working.set(job, runner);
      runner.busyFromMs = atMs;
      runner.busyUntilMs = Infinity;
      begin(job, runner, atMs);
    }
  };
  return {
    plan,
    runners: kind === 'hosted' ? [] : runners,
    enqueue: (job, atMs) => {
      waiting.push(job);
      serve(atMs);
    },
    release: (job, atMs) => {
      const runner = working.get(job);
      if (runner === undefined) return;
      working.delete(job);
      runner.busyUntilMs = atMs;
      if (kind === 'ephemeral') runner.untilMs = atMs;
      serve(atMs);
    },
    withdraw: (job) => {
      const place = waiting.indexOf(job);
      if (place >= 0) waiting.splice(place, 1);
      return place >= 0;
    },
  };
}
