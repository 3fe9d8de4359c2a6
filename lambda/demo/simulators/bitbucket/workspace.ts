/** Plays a simulated Bitbucket workspace whose repositories start pipelines. */
import { type Random, createRandom } from '../random.ts';
import { type TimedRun, createTimedRun } from './timeline.ts';
import { hourMs } from '../../../model/time.ts';

export interface RepositoryPlan {
  readonly slug: string;
  readonly project: string;
  readonly runsPerHour: number;
  /** `none`: its pipelines answer 404. */
  readonly pipelines: 'some' | 'none';
  readonly hasManualStep?: boolean;
  /** What pushes to the main branch are deployed to when they have ended, in this order. */
  readonly environments?: readonly string[];
  /** Deployments by hand that were never started: they stay `UNDEPLOYED`, and a list by end shows them first. */
  readonly neverDeployed?: number;
  /** Runners of its own. */
  readonly runners?: readonly SimulatedRunner[];
}

export interface SimulatedRepository {
  readonly uuid: string;
  readonly plan: RepositoryPlan;
  /** In the order of their creation. */
  readonly runs: readonly TimedRun[];
  /** The list of repositories is in this order. Epoch milliseconds. */
  readonly createdMs: number;
  /** Moved by pushes, not by schedules and pull requests. Epoch milliseconds. */
  readonly updatedMs: number;
}

export interface SimulatedRunner {
  readonly uuid: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly status: 'UNREGISTERED' | 'ONLINE' | 'OFFLINE' | 'DISABLED' | 'ENABLED' | 'UNHEALTHY';
  readonly cordoned?: boolean;
  readonly version?: string;
  readonly isBusy: boolean;
}

export interface SimulatedWorkspace {
  readonly slug: string;
  readonly repositories: readonly SimulatedRepository[];
  readonly runners: readonly SimulatedRunner[];
  /** Lets everything happen that is due by now; a time that has passed changes nothing. Epoch milliseconds. */
  advance(nowMs: number): void;
  /** From now on nothing new begins; what is open comes to its end. */
  rest(): void;
  /** Adds a run by hand, for a test of one case; a re-run takes the place of the run whose uuid it has. */
  add(repository: string, run: TimedRun): void;
}

export interface WorkspaceOptions {
  readonly slug: string;
  /** Equal seeds give equal workspaces, however the time is cut into steps. */
  readonly seed: number;
  readonly startMs: number;
  readonly repositories: readonly RepositoryPlan[];
  readonly runners?: readonly SimulatedRunner[];
  /** Simulated before the start, so that a first request finds history and open runs. */
  readonly historyHours?: number;
  /** Simulated seconds that pass in a real one; all times are told in real ones. Default: 1. */
  readonly speed?: number;
  /** No run begins after that. Default: never. Epoch milliseconds. */
  readonly arrivalsUntilMs?: number | undefined;
}

/** A push is in the list of repositories at once, its pipeline some seconds later (one recording: 14 s). */
const pipelineAfterPushMs = 14_000;

interface Living {
  readonly uuid: string;
  readonly plan: RepositoryPlan;
  readonly random: Random;
  readonly speed: number;
  readonly runs: TimedRun[];
  readonly createdMs: number;
  nextMs: number;
  updatedMs: number;
}

/** A workspace in which pushes, schedules and pull requests start pipelines, by a seeded generator. */
export function createWorkspace(options: WorkspaceOptions): SimulatedWorkspace {
  const { slug, seed, startMs, historyHours = 6, speed = 1, arrivalsUntilMs = Infinity } = options;
  const beginMs = startMs - (historyHours * hourMs) / speed;
  const pace = { seed, beginMs, speed };
  const repositories = options.repositories.map((plan, index) => createLiving(plan, index, pace));
  const advanceAll = (nowMs: number): void => {
    for (const repository of repositories) advanceRepository(repository, Math.min(nowMs, arrivalsUntilMs));
  };
  advanceAll(startMs);
  return {
    slug,
    repositories,
    runners: options.runners ?? [],
    advance: advanceAll,
    rest: () => {
      for (const repository of repositories) repository.nextMs = Infinity;
    },
    add: (name, run) => {
      const { runs = [] } = repositories.find(({ plan }) => plan.slug === name) ?? {};
      const before = runs.findIndex(({ uuid }) => uuid === run.uuid);
      runs.splice(before < 0 ? runs.length : before, 1, run);
    },
  };
}

interface Pace {
  readonly seed: number;
  readonly beginMs: number;
  readonly speed: number;
}

function createLiving(plan: RepositoryPlan, index: number, { seed, beginMs, speed }: Pace): Living {
  // A generator of its own for each: a change of one plan leaves the others as they were.
  const random = createRandom(seed * 10_007 + index);
  const uuid = formatUuid(index, 0);
  const repository: Living = {
    uuid,
    plan,
    random,
    speed,
    runs: [],
    createdMs: beginMs + index,
    nextMs: beginMs,
    updatedMs: beginMs,
  };
  repository.nextMs = drawNextMs(repository, beginMs);
  return repository;
}

/** Exponential, so that arrivals are as irregular as people's. */
function drawNextMs({ plan, random, speed }: Living, fromMs: number): number {
  if (plan.runsPerHour <= 0) return Infinity;
  return fromMs + Math.ceil((-Math.log(1 - random()) / (plan.runsPerHour * speed)) * hourMs);
}

function advanceRepository(repository: Living, nowMs: number): void {
  const { plan, random, speed, runs } = repository;
  while (repository.nextMs <= nowMs) {
    const createdMs = repository.nextMs;
    // Gaps in the numbers are normal.
    const number = (runs.at(-1)?.number ?? 0) + (random() < 0.05 ? 2 : 1);
    const uuid = formatUuid(Number(repository.uuid.slice(25, 37)), number);
    const hasManualStep = plan.hasManualStep === true;
    const run = createTimedRun({ uuid, number, createdMs, hasManualStep, speed }, random);
    runs.push(run);
    if (run.kind === 'push' || run.kind === 'bad-yaml') repository.updatedMs = createdMs - pipelineAfterPushMs;
    repository.nextMs = drawNextMs(repository, createdMs);
  }
}

/** `{…}` with the repository in its last group, and the run in its first. */
function formatUuid(repository: number, run: number): string {
  const formatHex = (value: number, length: number): string => value.toString(16).padStart(length, '0');
  const tail = String(repository).padStart(12, '0');
  return `{${formatHex(run, 8)}-5c1e-4b00-8000-${tail}}`;
}
