/** Plays a simulated GitHub organization whose workflows are run. */
import { createRandom, type Random } from '../../random.ts';
import { createAgenda } from './agenda.ts';
import { type Fate, type Oddities, usualOddities } from './fates.ts';
import { beginRun, type World } from './lives.ts';
import { demoOrganization, type OrganizationPlan, type RepositoryPlan } from './plan.ts';
import { createPool, type Pool } from './pools.ts';
import type { Happening, RepositoryRecord, RunRecord, WorkflowRecord } from './records.ts';
import { hourMs } from '../../../../model/time.ts';

export interface OrganizationOptions {
  /** Equal seeds give equal organizations, however the time is cut into steps. */
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly startMs: number;
  /** Simulated seconds that pass in a real one; all times are told in real ones. Default: 1. */
  readonly speed?: number;
  readonly plan?: OrganizationPlan;
  readonly odds?: Oddities;
  /** Simulated before the start, so that a first request finds history and open runs. Simulated hours. */
  readonly historyHours?: number;
  /** No run begins after that. Default: never. Epoch milliseconds. */
  readonly arrivalsUntilMs?: number | undefined;
  /** Is told of everything that a webhook tells of, in the order of time, what was before the start included. */
  readonly observe?: (happening: Happening) => void;
}

/** A simulated organization. */
export interface SimulatedOrganization {
  readonly login: string;
  readonly repositories: readonly RepositoryRecord[];
  /** Short name of the enterprise that it belongs to. */
  readonly enterprise: string | undefined;
  readonly pools: readonly Pool[];
  /** Lets everything happen that is due by now; a time that has passed changes nothing. Epoch milliseconds. */
  readonly advance: (nowMs: number) => void;
  /** From now on nothing new begins; what is open comes to its end. */
  readonly rest: () => void;
  /** Begins a run by hand, for a test of one case. */
  begin(repository: string, file: string, fate?: Partial<Fate>): RunRecord;
}

/** Only the latest runs of a repository are kept, because a demo may run for days. */
const keptRuns = 3000;

/** Ids have eleven digits, as those of today. */
const firstIds = { run: 17_000_000_000, job: 48_000_000_000 } as const;

export function createOrganization(options: OrganizationOptions): SimulatedOrganization {
  const { seed, startMs, speed = 1, plan = demoOrganization, historyHours = 2 } = options;
  const { arrivalsUntilMs = Infinity } = options;
  const beginMs = startMs - (historyHours * hourMs) / speed;
  const agenda = createAgenda();
  const ids = { ...firstIds } as { run: number; job: number };
  const pools = new Map<string, Pool>();
  const world: World = {
    ...{ agenda, pools, odds: options.odds ?? usualOddities, begin: new Map(), groups: new Map() },
    convertToMs: (seconds) => Math.round((seconds * 1000) / speed),
    newId: (of) => (ids[of] += 1),
    observe: options.observe ?? (() => undefined),
  };
  addPools(pools, plan, world, beginMs);
  let nowMs = beginMs;
  let isResting = false;
  const randoms = new Map<RepositoryRecord, Random>();
  const repositories = plan.repositories.map((repository, index) => {
    const record = createRepository(repository, index, beginMs);
    // A generator of its own for each: a change of one plan leaves the arrivals of the others as they were.
    randoms.set(record, createRandom(seed * 10_007 + index));
    return record;
  });

  const arrive = (place: Arriving, fromMs: number): void => {
    const { random, workflow, repository } = place;
    if (workflow.plan.runsPerHour <= 0) return;
    // Exponential, so that arrivals are as irregular as people's.
    const hours = -Math.log(1 - random()) / (workflow.plan.runsPerHour * speed);
    agenda.plan(fromMs + Math.ceil(hours * hourMs), (atMs) => {
      if (isResting || atMs > arrivalsUntilMs) return;
      beginRun(world, place, atMs);
      if (repository.runs.length > keptRuns) repository.runs.shift();
      arrive(place, atMs);
    });
  };
  for (const [repository, random] of randoms)
    for (const workflow of repository.workflows) arrive({ repository, workflow, random }, beginMs);

  const advance = (toMs: number): void => {
    agenda.playUntil(toMs);
    nowMs = Math.max(nowMs, toMs);
  };
  advance(startMs);
  return {
    login: plan.login,
    repositories,
    enterprise: plan.enterprise,
    pools: [...pools.values()],
    advance,
    rest: () => {
      isResting = true;
    },
    begin: (name, file, fate = {}) => {
      const place = findWorkflow(repositories, name, file);
      return beginRun(world, { ...place, fate, random: createRandom(seed) }, nowMs);
    },
  };
}

interface Arriving {
  readonly repository: RepositoryRecord;
  readonly workflow: WorkflowRecord;
  readonly random: Random;
}

function addPools(pools: Map<string, Pool>, plan: OrganizationPlan, { begin }: World, startMs: number): void {
  for (const [index, pool] of plan.pools.entries()) {
    const made = createPool({
      ...{ plan: pool, firstId: (index + 1) * 10_000, groupId: index + 1, startMs },
      begin: (job, runner, atMs) => begin.get(job)?.(runner, atMs),
    });
    pools.set(pool.name, made);
  }
}

function createRepository(plan: RepositoryPlan, index: number, createdMs: number): RepositoryRecord {
  const id = 500_000 + index;
  const workflows = plan.workflows.map((workflow, place) => ({
    ...{ id: id * 100 + place, plan: workflow, createdMs, runCount: 0 },
  }));
  return { id, plan, createdMs, pushedMs: createdMs, workflows, runs: [] };
}

function findWorkflow(repositories: readonly RepositoryRecord[], name: string, file: string): Omit<Arriving, 'random'> {
  const repository = repositories.find(({ plan }) => plan.name === name);
  const workflow = repository?.workflows.find(({ plan }) => plan.file === file);
  if (repository === undefined || workflow === undefined) throw new TypeError(`${name} has no workflow ${file}`);
  return { repository, workflow };
}
