/** Collects one simulated day with every sink at once, through faults and cold starts, and keeps what each backend got. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import { createRandom } from '../../../lambda/demo/simulators/random.ts';
import type { RunReport, SinkOutcome } from '../../../lambda/report/report.ts';
import { run } from '../../../lambda/run.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { type BuiltPipeline, buildPipeline } from '../../../lambda/wiring.ts';
import { canaries } from '../../support/canary.ts';
import { recordingLog } from '../../support/recording-log.ts';
import type { ReceivedRequest, Receiver, ReceiverFault, SinkFacts } from '../sinks/facts.ts';
import { startWorld, type TrueEnds, type TrueLevels, type World } from './world.ts';

/** One sink of the deployment. */
export interface Member {
  readonly name: string;
  readonly config: (url: string, folder: string) => object;
  readonly facts: SinkFacts;
}

/** What a backend holds at a moment, oldest first. */
export interface Heard {
  readonly all: readonly ReceivedRequest[];
  /** Of the last run. */
  readonly latest: readonly ReceivedRequest[];
}

export interface Moment {
  readonly levels: TrueLevels;
  readonly heard: Readonly<Record<string, Heard>>;
}

export interface Day {
  /** In the morning, when the source has just failed. */
  readonly down: Moment;
  /** In the last run of the day, with work going on. */
  readonly last: Moment;
  /** When everything that began on that day has ended and was collected. */
  readonly after: Moment;
  readonly ends: TrueEnds;
  /** By sink: what it told of each run. */
  readonly told: Readonly<Record<string, readonly SinkOutcome[]>>;
  /** Runs in which the source failed, as a whole or in part. */
  readonly failedRuns: number;
  readonly faults: number;
}

const minuteMs = 60_000;
/** Longer than usual, so that a day takes half a minute; it changes nothing of what is counted. */
const intervalMinutes = 15;
const startMs = Date.UTC(2026, 2, 1);
const dayMinutes = 24 * 60;
/** The longest build has ended by then, and what waited for a backend has arrived. */
const endMinute = dayMinutes + 60;
const downMinute = 9 * 60;
const lastMinute = dayMinutes - intervalMinutes;
const watched: readonly number[] = [downMinute, lastMinute, endMinute];

/** Two an hour. */
const coldStartMinutes = 30;

/** Of the answers of the source. */
const faultShare = 0.04;

/** A backend fails at every such request; a day has some hundred of them. */
const requestsBetweenFaults = 23;

export const kindsOfFault = ['throttled', 'broken', 'answer lost'] as const satisfies readonly ReceiverFault[];

/** No run comes near it, on a busy machine either. */
const budgetMs = 60_000;

export async function liveOneDay(
  members: readonly Member[],
  stubEnv: (name: string, value: string) => void,
): Promise<Day> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-agreement-'));
  const printed: string[] = [];
  const weather = createWeather();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const world = stack.use(
    await startWorld({ startMs, arrivalsUntilMs: startMs + dayMinutes * minuteMs, isBroken: weather.isSourceBroken }),
  );
  const backends: Backend[] = [];
  for (const [index, member] of members.entries()) {
    const fault = weather.faultsOf(index);
    const receiver = stack.use(await member.facts.startReceiver({ fault }, { folder, printed }));
    backends.push(createBackend(member, receiver));
    if (member.name === 'cloudwatch') stubEnv('AWS_ENDPOINT_URL', receiver.url);
  }
  const deployment = createDeployment(world, backends, folder, printed);
  stack.defer(deployment.end);

  const moments = new Map<number, Moment>();
  for (let minute = 0; minute <= endMinute; minute += intervalMinutes) {
    const isWatched = watched.includes(minute);
    weather.become(weatherAt(minute));
    world.liveUntil(startMs + minute * minuteMs);
    if (minute % coldStartMinutes === 0) await deployment.restart();
    if (isWatched) for (const backend of backends) await backend.settle();
    await deployment.tick();
    if (isWatched) moments.set(minute, { levels: world.levels(), heard: await heardBy(backends) });
    else for (const backend of backends) await backend.keepPage();
  }
  return {
    down: momentOf(moments, downMinute),
    last: momentOf(moments, lastMinute),
    after: momentOf(moments, endMinute),
    ends: world.endsSince(startMs),
    told: deployment.told(),
    failedRuns: deployment.failedRuns(),
    faults: weather.faults(),
  };
}

function momentOf(moments: ReadonlyMap<number, Moment>, minute: number): Moment {
  const moment = moments.get(minute);
  if (moment === undefined) throw new RangeError(`nobody looked in minute ${String(minute)}`);
  return moment;
}

type Weather = 'fine' | 'changeable' | 'down';

/** At the minutes that are asked about, and where counting begins and ends, nothing fails but what is to fail there. */
function weatherAt(minute: number): Weather {
  if (minute === downMinute) return 'down';
  return minute === 0 || minute >= lastMinute ? 'fine' : 'changeable';
}

/** Decides what fails: equal days fail equally as far as requests come in the same order. */
function createWeather() {
  let weather: Weather = 'fine';
  let count = 0;
  const source = createRandom(1);
  return {
    become: (next: Weather): void => {
      weather = next;
    },
    isSourceBroken: (): boolean => weather === 'down' || (weather === 'changeable' && source() < faultShare),
    faultsOf: (index: number): (() => ReceiverFault | undefined) => {
      let requests = index;
      let kind = index;
      return () => {
        if (weather !== 'changeable') return undefined;
        requests += 1;
        if (requests % requestsBetweenFaults !== 0) return undefined;
        count += 1;
        // In turn, so that a few faults are one of each kind.
        kind += 1;
        return kindsOfFault[kind % kindsOfFault.length];
      };
    },
    faults: (): number => count,
  };
}

interface Backend {
  readonly member: Member;
  readonly receiver: Receiver;
  /** What comes from now on is the latest. */
  settle(): Promise<void>;
  /** Of a page that the next run replaces: what stands there now is kept, as by a scrape. */
  keepPage(): Promise<void>;
  heard(): Promise<Heard>;
}

function createBackend(member: Member, receiver: Receiver): Backend {
  const pages: ReceivedRequest[] = [];
  const isPage = member.facts.answers === 'itself' && member.facts.forgets === 'when told';
  let settled = 0;
  const keepPage = async (): Promise<void> => {
    if (isPage) pages.push(...(await receiver.received()));
  };
  const all = async (): Promise<readonly ReceivedRequest[]> => (isPage ? [...pages] : await receiver.received());
  return {
    member,
    receiver,
    settle: async () => {
      settled = (await all()).length;
    },
    keepPage,
    heard: async () => {
      await keepPage();
      const received = await all();
      return { all: received, latest: received.slice(settled) };
    },
  };
}

async function heardBy(backends: readonly Backend[]): Promise<Moment['heard']> {
  const heard: Record<string, Heard> = {};
  for (const backend of backends) heard[backend.member.name] = await backend.heard();
  return heard;
}

/** The collector with all its sinks, of which a cold start keeps the saved state only. */
function createDeployment(world: World, backends: readonly Backend[], folder: string, printed: string[]) {
  const store = createMemoryStateStore();
  const config = CollectorConfig.parse({
    interval: `${String(intervalMinutes)} minutes`,
    sources: [world.settings],
    sinks: backends.map(({ member, receiver }) => ({ ...member.config(receiver.url, folder), name: member.name })),
  });
  const told: Record<string, SinkOutcome[]> = {};
  let failedRuns = 0;
  let built: BuiltPipeline | undefined;
  let before: RunReport | undefined;
  const end = async (): Promise<void> => {
    await built?.close();
    built = undefined;
    before = undefined;
  };
  const start = (): Promise<BuiltPipeline> =>
    buildPipeline(config, {
      variables: { ...world.variables, CANARY_TOKEN: canaries.token },
      runtime: 'terminal',
      clock: world.nowMs,
      random: () => 0,
      redactor: createRedactor(),
      log: recordingLog(),
      stateStore: () => Promise.resolve(store),
      print: (text) => {
        printed.push(text);
      },
    });
  return {
    end,
    restart: async (): Promise<void> => {
      await end();
      built = await start();
    },
    tick: async (): Promise<void> => {
      built ??= await start();
      using deadline = createDeadline(budgetMs, Date.now);
      before = await run(built.pipeline, { deadline, tickMs: world.nowMs(), before });
      for (const outcome of before.sinks) (told[outcome.name] ??= []).push(outcome);
      if (before.sources.some(({ status }) => status !== 'complete')) failedRuns += 1;
    },
    told: () => told,
    failedRuns: () => failedRuns,
  };
}
