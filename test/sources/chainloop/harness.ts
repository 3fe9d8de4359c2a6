/** A simulated Chainloop organization and the source that reads it, with a clock that the test moves. */
import { countTick, type CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import type { UserAccess } from '../../../lambda/demo/simulators/chainloop/credentials.ts';
import type { TokenRefusal } from '../../../lambda/demo/simulators/chainloop/grpc-refusals.ts';
import type { Records, RunRecord, WorkflowRecord } from '../../../lambda/demo/simulators/chainloop/records.ts';
import { type ChainloopServer, startChainloopServer } from '../../../lambda/demo/simulators/chainloop/server.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/catalogue/bounds.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createChainloop } from '../../../lambda/sources/chainloop/collect.ts';
import { ChainloopConfig } from '../../../lambda/sources/chainloop/config.ts';
import { chainloop } from '../../../lambda/sources/chainloop/index.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export const apiToken = 'chainloop-token-1';

/** A whole hour, so that times are easy to read. */
export const startMs = Date.UTC(2026, 0, 2, 12, 0, 0);
export const minuteMs = 60_000;

export interface Tick {
  readonly families: readonly MetricFamily[];
  readonly problems: readonly Problem[];
  readonly counted: CountedTick;
}

export interface TestOrganization extends AsyncDisposable {
  readonly server: ChainloopServer;
  readonly log: RecordingLog;
  /** Environment variables that secrets are read from. */
  readonly variables: Record<string, string>;
  /** Tokens that the server refuses, and why. */
  readonly refusals: Map<string, TokenRefusal>;
  /** Answers since the last call, by class. */
  takeAnswers(): Readonly<Record<string, number>>;
  /** What the server has; changed between ticks. */
  runs: readonly RunRecord[];
  workflows: readonly WorkflowRecord[];
  /** What the next tick sees as its time. */
  now: number;
  /** Collects, counts and saves, as one run of the function does; a minute later than the one before. */
  tick(budgetMs?: number): Promise<Tick>;
}

export interface TestOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly store?: StateStore;
  readonly maxResponseBytes?: number;
  /** A user's token that the server takes beside the API token. */
  readonly user?: UserAccess;
}

/** A control plane on loopback and the source that reads it, on a clock that the test moves. */
export async function startOrganization(options: TestOptions = {}): Promise<TestOrganization> {
  const { store = createMemoryStateStore(), maxResponseBytes, user } = options;
  const content: { runs: readonly RunRecord[]; workflows: readonly WorkflowRecord[]; now: number } = {
    runs: [],
    workflows: [],
    now: startMs,
  };
  const clock = (): number => content.now;
  const records = (): Records => ({ organization: 'acme', workflows: content.workflows, runs: content.runs });
  const refusals = new Map<string, TokenRefusal>();
  const server = await startChainloopServer({
    clock,
    records,
    apiToken,
    refusals,
    ...(user === undefined ? {} : { user }),
  });
  const variables: Record<string, string> = { TOKEN: apiToken };
  const { hub, cache, log } = createWired(variables, {
    ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
  });
  const raw = { kind: 'chainloop', name: 'main', url: server.url, organization: 'acme', token: { env: 'TOKEN' } };
  const config = ChainloopConfig.parse({ ...raw, ...options.config });
  const http = hub.port();
  const source = createChainloop(config, { http, aws: noAws, secrets: cache.secrets, clock, log });
  const { metrics } = chainloop.prepare({ ...raw, ...options.config });
  const counted = { id: 'chainloop/main', system: 'chainloop', name: 'main', metrics };
  const settings = { maxSeriesPerMetric: 1000, waitBounds, durationBounds, backfillMs: 0 };
  return {
    server,
    log,
    variables,
    refusals,
    takeAnswers: () => Object.fromEntries(http.takeMeter().attempts),
    get runs() {
      return content.runs;
    },
    set runs(runs) {
      content.runs = runs;
    },
    get workflows() {
      return content.workflows;
    },
    set workflows(workflows) {
      content.workflows = workflows;
    },
    get now() {
      return content.now;
    },
    set now(now) {
      content.now = now;
    },
    tick: async (budgetMs = 20_000) => {
      using deadline = createDeadline(budgetMs, () => Date.now());
      cache.startRun();
      const tickMs = content.now;
      const result = await countTick((openLedger) => source.collect({ deadline, tickMs, openLedger }), counted, {
        tickMs,
        store,
        signal: deadline.signal,
        settings,
        mode: 'commit',
        additiveSinks: [],
        isSettled: () => undefined,
        log,
      });
      content.now += minuteMs;
      if (result.outcome === 'skipped') throw new Error(result.reason);
      return { ...result.collection, counted: result };
    },
    [Symbol.asyncDispose]: async () => {
      await hub.close();
      await server.close();
    },
  };
}

export const shopBuild: WorkflowRecord = { id: 'w1', name: 'build', project: 'shop' };
export const platformBuild: WorkflowRecord = { id: 'w2', name: 'build', project: 'platform' };
export const shopRelease: WorkflowRecord = { id: 'w3', name: 'release', project: 'shop' };

/** A run that began so many minutes after the first tick, and ended if `lasted` says so. */
export function runOf(
  id: string,
  atMinutes: number,
  more: Partial<RunRecord> & { readonly lasted?: number } = {},
): RunRecord {
  const { lasted, ...fields } = more;
  const createdMs = startMs + atMinutes * minuteMs;
  return {
    id,
    workflow: shopBuild,
    createdMs,
    runner: 'GITHUB_ACTION',
    status: lasted === undefined ? 'initialized' : 'succeeded',
    ...(lasted === undefined ? {} : { finishedMs: createdMs + lasted * minuteMs }),
    ...fields,
  };
}

/** Totals of a counter, or levels of a gauge, by the named labels. */
export function valuesOf(
  families: readonly MetricFamily[],
  name: string,
  labels: readonly string[],
): Readonly<Record<string, number>> {
  const family = families.find(({ definition }) => definition.name === name);
  const values: Record<string, number> = {};
  const add = (own: Readonly<Record<string, string>>, value: number): void => {
    const key = labels.map((label) => own[label] ?? '').join(' ');
    values[key] = (values[key] ?? 0) + value;
  };
  if (family?.type === 'gauge') for (const sample of family.samples) add(sample.labels, sample.value);
  if (family?.type === 'counter') for (const sample of family.samples) add(sample.labels, sample.total?.value ?? 0);
  if (family?.type === 'distribution')
    for (const sample of family.samples)
      add(sample.labels, sample.total?.counts.reduce((sum, count) => sum + count, 0) ?? 0);
  return values;
}

/** Without what is 0. */
export function nonZero(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}

/** A token with these claims; its signature is not checked here. */
export function tokenWith(claims: object): string {
  const encoded = [{ alg: 'HS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...encoded, 'c2lnbmF0dXJl'].join('.');
}
