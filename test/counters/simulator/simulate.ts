/** Runs one history to its end, followed by a calm time, and checks the promises of the counters all along. */
import { generator } from './histories/generator.ts';
import { calmInvocation, type History, type InvocationSpec } from './histories/history.ts';
import { crash, type Invocation, type Setting, start } from './invocation.ts';
import { type Mutation, unharmed } from './histories/mutations.ts';
import { rule } from './rules/rules.ts';
import { baseMs, minuteMs, newWorld, savedState, streamIn, streamsOf, type World } from './world/world.ts';

const settleMs = minuteMs / 2;

/** Invocations of AWS Lambda end after this; a delivery that is not settled by then never will be. */
const longestInvocationMs = 15 * minuteMs;

/**
 * With a window that is halved to a minute and doubled again, hours are caught up in far fewer ticks; a repository that
 * has never had a run is looked at once an hour.
 */
const maxCalmTicks = 75;

/** Ticks after the last scheduled one in which what started late or stood still may go on. */
const lateTicks = 4;

/** Lives through a history and then a calm time. @throws BrokenRuleError for a promise that was broken on the way */
export async function simulate(history: History, mutation: Mutation = unharmed): Promise<World> {
  const world = newWorld(history);
  const setting = { world, history, mutation };
  const random = generator(history.choices);
  let active: readonly Invocation[] = [];
  for (let tick = 0; tick < history.ticks.length + lateTicks; tick += 1) {
    world.nowMs = Math.max(world.nowMs, baseMs + tick * minuteMs);
    const starting = startingAt(tick, history).map(({ spec, scheduled }) =>
      start(setting, spec, baseMs + scheduled * minuteMs),
    );
    active = await runAll(world, [...active, ...starting], { tick, random });
  }
  await runAll(world, active, { tick: Infinity, random });
  await calmDown(setting, random);
  throwFirst(world);
  return world;
}

interface Starting {
  readonly spec: InvocationSpec;
  /** The tick that it is for. */
  readonly scheduled: number;
}

/** What EventBridge starts in this minute: what is due, and what is late. */
function startingAt(tick: number, { ticks }: History): readonly Starting[] {
  return ticks.flatMap(({ invocations }, scheduled) =>
    invocations.filter(({ lateTicks: late }) => scheduled + late === tick).map((spec) => ({ spec, scheduled })),
  );
}

function throwFirst({ failures: [failure] }: World): void {
  if (failure !== undefined) throw failure;
}

interface Minute {
  readonly tick: number;
  /** Decides whose step comes next. */
  readonly random: () => number;
}

/** Runs every invocation that does not stand still to its end, step by step in turns; those that do are returned. */
async function runAll(world: World, active: readonly Invocation[], { tick, random }: Minute): Promise<Invocation[]> {
  const running = active.filter(({ stalledUntil }) => stalledUntil === undefined || stalledUntil <= tick);
  const stalled = active.filter((invocation) => !running.includes(invocation));
  if (running.length > 1) world.events.add('invocations at the same time');
  await Promise.resolve();
  while (running.length > 0) {
    const at = random() % running.length;
    const invocation = running[at];
    if (invocation === undefined) break;
    const { actor, spec } = invocation;
    if (spec.crashStep === actor.steps && !actor.isOver) crash(world, invocation);
    const isStalling = standsStill(invocation, tick);
    if (actor.isOver || isStalling) running.splice(at, 1);
    if (actor.isOver) continue;
    if (isStalling) {
      stalled.push(invocation);
      continue;
    }
    world.nowMs += spec.stepMs;
    await actor.advance(random());
    throwFirst(world);
  }
  return stalled;
}

/** Whether it stands still from here on, while later ticks run; once in its life. */
function standsStill(invocation: Invocation, tick: number): boolean {
  const { actor, spec, hasStalled } = invocation;
  if (actor.isOver || spec.stall?.step !== actor.steps || hasStalled || !Number.isFinite(tick)) return false;
  invocation.hasStalled = true;
  invocation.stalledUntil = tick + spec.stall.ticks;
  return true;
}

/** Ticks without a fault, until everything has ended, was read, was sent again and is forgotten. */
async function calmDown(setting: Setting, random: () => number): Promise<void> {
  const { world } = setting;
  const openForMs = Math.max(...streamsOf(world.kind).map((stream) => stream.openForMs ?? 0));
  const quietMs = firstCalmTick(world);
  let tickMs = quietMs;
  const calmTick = async (): Promise<void> => {
    world.nowMs = tickMs;
    await runAll(world, [start(setting, calmInvocation, tickMs)], { tick: Infinity, random });
    tickMs += minuteMs;
  };
  const catchUp = async (): Promise<void> => {
    let ticks = 0;
    do {
      await calmTick();
      ticks += 1;
      rule(ticks <= maxCalmTicks, 'a calm time is enough to catch up', ticks);
    } while (!hasCaughtUp(world, tickMs - minuteMs, quietMs));
  };

  // Twice the life of an open run: what was given up must not be opened again.
  const forgottenMs = openForMs + minuteMs;
  const passTime = async (pausesMs: readonly number[]): Promise<void> => {
    for (const pauseMs of pausesMs) {
      tickMs += pauseMs;
      await catchUp();
    }
  };
  await passTime([0, longestInvocationMs, longestInvocationMs]);
  world.settled = savedState(world);
  await passTime([forgottenMs, forgottenMs, minuteMs]);
}

/** When the last run that ends has ended, and the vendor shows it. */
function firstCalmTick({ vendor, nowMs }: World): number {
  const ends = vendor.runs.flatMap(({ attempts, listLagMs, recordLagMs }) =>
    attempts.filter(({ finishedMs }) => Number.isFinite(finishedMs)).map((a) => a.finishedMs + listLagMs + recordLagMs),
  );
  const quietMs = Math.max(nowMs, ...ends) + 2 * minuteMs;
  return Math.ceil((quietMs - baseMs) / minuteMs) * minuteMs + baseMs;
}

/** Where events tell what happens, a repository that is quiet is looked at now and then only: once an hour at least. */
const sweepMs = 61 * minuteMs;

/** The watermark stands at the present, or in the calm time as late as looks in turn allow, and nothing that has ended is taken for open. */
function hasCaughtUp(world: World, tickMs: number, quietMs: number): boolean {
  const presentMs = tickMs - settleMs;
  const wholeMs = world.kind === 'github' ? Math.min(presentMs, Math.max(quietMs, tickMs - sweepMs)) : presentMs;
  const state = savedState(world);
  rule(state !== undefined, 'a calm tick saves a state');
  if (state === undefined) return false;
  const { mark = 0, open = [] } = streamIn(world, state) ?? {};
  const hanging = world.vendor.runs.filter(({ attempts, prunedMs }) => {
    return attempts.at(-1)?.finishedMs === Infinity || Number.isFinite(prunedMs);
  });
  return mark >= wholeMs && open.length <= hanging.length;
}
