/** Makes a source as the wiring does, from its configuration, and lets a test run it against a server in whole runs. */
import { setImmediate } from 'node:timers/promises';
import { createCounting } from '../../../lambda/counters/counting.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import type { SourceOutput } from '../../../lambda/model/batch.ts';
import { formatSeriesKey } from '../../../lambda/model/families/order.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/catalogue/bounds.ts';
import type { ConfiguredSink, Pipeline } from '../../../lambda/pipeline.ts';
import type { SourceOutcome } from '../../../lambda/report/report.ts';
import { run } from '../../../lambda/run.ts';
import type { Clock } from '../../../lambda/runtime/clock.ts';
import { type Deadline, createDeadline } from '../../../lambda/runtime/deadline.ts';
import type { Collection, PreparedSource, Source, SourcePorts } from '../../../lambda/sources/source.ts';
import { canaries } from '../../support/canary.ts';
import { startLoopbackServer, type LoopbackServer, type Respond } from '../../support/network/loopback-server.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import type { LoggedLine } from '../../support/recording-log.ts';
import type { SourceFacts, StartSystem } from './facts.ts';
import { createWired } from '../../support/wired.ts';

/** A source and what the contract has to know of it. */
export interface TriedSource {
  readonly kind: string;
  readonly prepare: (raw: object) => PreparedSource;
  readonly facts: SourceFacts;
  /** For a source that is to break a rule: what it is made of instead of its usual ports, and what becomes of it. */
  readonly spoilPorts?: (ports: SourcePorts) => SourcePorts;
  readonly spoil?: (source: Source, ports: SourcePorts) => Source;
}

/** What one run made of the source. */
export interface Tried {
  /** As the source returned it; absent where it threw, or was given up. */
  readonly collection: Collection | undefined;
  readonly part: SourceOutput;
  readonly outcome: SourceOutcome;
}

export interface SourceTrial extends AsyncDisposable {
  readonly prepared: PreparedSource;
  readonly server: LoopbackServer;
  /** What the source's secret is from now on. */
  readonly setToken: (token: string) => void;
  /** Lets a minute pass. */
  readonly waitMinute: () => void;
  readonly collect: (signal?: AbortSignal) => Promise<Tried>;
  /** The source's deadline passes as soon as this is so; undefined where the source then goes on. */
  readonly collectUntil: (isTime: () => boolean) => Promise<Tried | undefined>;
  /** Everything that was logged, returned and kept, before the collector takes secrets out of it. */
  readonly said: () => { readonly lines: readonly LoggedLine[]; readonly kept: readonly string[] };
}

/** What answers ends by itself long before, on a busy machine too. */
const usualBudgetMs = 60_000;

/** A source that stops needs a few turns of the event loop, however long they take; any wait would take thousands. */
const turnsToStop = 500;

const minuteMs = 60_000;

export interface TrialOptions {
  readonly config?: ((url: string) => object) | undefined;
}

export async function trySource(
  tried: TriedSource,
  system: StartSystem,
  { config = tried.facts.config }: TrialOptions = {},
): Promise<SourceTrial> {
  let passedMs = 0;
  const clock: Clock = () => Date.now() + passedMs;
  const server = await startLoopbackServer(withDate(system(clock), clock));
  const variables: Record<string, string> = { CANARY_TOKEN: canaries.token, SECOND_TOKEN: canaries.json };
  const kept: string[] = [];
  const prepared = tried.prepare(config(server.url));
  const { hub, cache, log, redactor } = createWired(variables, { clock, cacheMs: 2 * minuteMs });
  const http = hub.port();
  const usual: SourcePorts = { http, aws: noAws, secrets: cache.secrets, clock, log };
  const ports = tried.spoilPorts?.(usual) ?? usual;
  const made = await prepared.create(ports);
  let collection: Collection | undefined;
  let passing: AbortSignal | undefined;
  const source = recordingSource(tried.spoil?.(made, ports) ?? made, {
    record: (result) => (collection = result),
    deadlineIn: (deadline) =>
      passing === undefined
        ? createDeadline(deadline.remainingMs(), clock, deadline.signal)
        : createDeadline(deadline.remainingMs(), clock, AbortSignal.any([deadline.signal, passing])),
  });
  const sink = recordingSink();
  const pipeline: Pipeline = {
    collector: 'contract',
    maxSeriesPerMetric: 1000,
    maxQueuesPerMetric: 200,
    sources: [
      {
        id: `${prepared.kind}/${prepared.name}`,
        system: prepared.system,
        name: prepared.name,
        metrics: prepared.metrics,
        needsState: prepared.needsState,
        source,
        takeMeter: () => http.takeMeter(),
        readClocks: () => http.readClocks(),
      },
    ],
    sinks: [sink.configured],
    counting: createCounting({
      store: recordingStore(kept),
      settings: {
        maxSeriesPerMetric: 1000,
        maxQueuesPerMetric: 200,
        waitBounds,
        durationBounds,
        intervalMs: minuteMs,
        backfillMs: 0,
      },
      finishedRuns: 'log',
      cleaner: redactor,
      log,
    }),
    prefetchSecrets: async (signal) => {
      cache.startRun();
      await cache.prefetch(prepared.secrets, signal);
    },
    cleaner: redactor,
    clock,
    log,
  };
  const collect = async (signal?: AbortSignal): Promise<Tried> => {
    collection = undefined;
    passing = signal;
    using deadline = createDeadline(usualBudgetMs, clock);
    const { sources } = await run(pipeline, { deadline, tickMs: Math.floor(clock() / minuteMs) * minuteMs });
    const [outcome] = sources;
    const part = sink.lastPart();
    if (outcome === undefined || part === undefined) throw new TypeError('the run told nothing of its source');
    return { collection, part, outcome };
  };
  return {
    prepared,
    server,
    setToken: (token) => {
      variables['CANARY_TOKEN'] = token;
    },
    waitMinute: () => {
      passedMs += minuteMs;
    },
    collect,
    collectUntil: (isTime) => abortWhen(isTime, collect),
    said: () => ({ lines: log.lines, kept }),
    [Symbol.asyncDispose]: async () => {
      await hub.close();
      await server.close();
    },
  };
}

/** The source's deadline passes; undefined where its end takes more than a few turns. */
async function abortWhen(
  isTime: () => boolean,
  collect: (signal: AbortSignal) => Promise<Tried>,
): Promise<Tried | undefined> {
  const passing = new AbortController();
  let ended: Tried | undefined;
  const collecting = collect(passing.signal).then((tried) => (ended = tried));
  while (!isTime() && hasNot(ended)) await setImmediate();
  passing.abort(new DOMException('the deadline has passed', 'TimeoutError'));
  for (let turn = 0; turn < turnsToStop && hasNot(ended); turn += 1) await setImmediate();
  const inTime = ended;
  await collecting;
  return inTime;
}

/** Asked in a function, because the compiler does not see that the value changes while others run. */
function hasNot(ended: Tried | undefined): boolean {
  return ended === undefined;
}

/** Answers with the time of the test's clock, for sources go by it. */
function withDate(respond: Respond, clock: Clock): Respond {
  return (request, response, recorded) => {
    response.setHeader('date', new Date(clock()).toUTCString());
    respond(request, response, recorded);
  };
}

/** Its own deadline can pass while the run still has time to save what it has counted, as in every run. */
function recordingSource(
  source: Source,
  {
    record,
    deadlineIn: ownDeadline,
  }: {
    readonly record: (collection: Collection) => void;
    readonly deadlineIn: (deadline: Deadline) => Deadline;
  },
): Source {
  return {
    collect: async (context) => {
      using deadline = ownDeadline(context.deadline);
      const collection = await source.collect({ ...context, deadline });
      record(collection);
      return collection;
    },
  };
}

function recordingSink(): { readonly configured: ConfiguredSink; readonly lastPart: () => SourceOutput | undefined } {
  let last: SourceOutput | undefined;
  const sink: ConfiguredSink['sink'] = {
    takesSpans: true,
    write: ({ sources: parts }) => {
      last = parts[0];
      return Promise.resolve({ accepted: 1, requests: 0, bytes: 0, problems: [] });
    },
    preview: () => ({ samples: 0, requests: 0, bytes: 0, lines: [], problems: [], monthlyCost: [] }),
  };
  return { configured: { id: 'recording/sink', name: 'sink', sink }, lastPart: () => last };
}

function recordingStore(kept: string[]): StateStore {
  const store = createMemoryStateStore();
  return {
    load: (id, signal) => store.load(id, signal),
    save: (id, document, signal) => {
      kept.push(id, document.body);
      return store.save(id, document, signal);
    },
  };
}

/** The names and labels of all series of a part. */
export function seriesOf({ families, relayed = [] }: SourceOutput): readonly string[] {
  const own = families.flatMap(({ definition, samples }) =>
    samples.map(({ labels }) => `${definition.name} ${formatSeriesKey(labels)}`),
  );
  const passedOn = relayed.flatMap(({ name, samples }) =>
    samples.map(({ labels }) => `${name} ${formatSeriesKey(labels)}`),
  );
  return [...own, ...passedOn];
}
