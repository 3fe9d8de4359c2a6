/** A simulated Kubernetes API server and the source that reads it, on a clock that the test moves. */
import type { RequestListener } from 'node:http';
import { countTick, type CountedTick } from '../../../lambda/counters/tick/count-tick.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import { createKubernetesApi, type KubernetesApi } from '../../../lambda/demo/simulators/tekton/api-server.ts';
import type { ControllerPod } from '../../../lambda/demo/simulators/tekton/controllers.ts';
import {
  createRunStore,
  type RunCondition,
  type RunObject,
  type RunStore,
} from '../../../lambda/demo/simulators/tekton/objects.ts';
import type { AwsAccess } from '../../../lambda/http/auth/aws-credentials.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/catalogue/bounds.ts';
import type { RelayedFamily } from '../../../lambda/model/relayed.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { type Deadline, createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createTekton } from '../../../lambda/sources/tekton/collect.ts';
import { TektonConfig } from '../../../lambda/sources/tekton/config.ts';
import { selectMetrics } from '../../../lambda/sources/tekton/metrics.ts';
import { startLoopbackServer, type LoopbackServer, type MakeServer } from '../../support/network/loopback-server.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export const token = 'sa-token-1';

/** A whole hour, so that the ages of the tables are easy to read. */
export const startMs = Date.UTC(2026, 10, 21, 12, 0, 0);

export interface Tick {
  readonly families: readonly MetricFamily[];
  readonly relayed?: readonly RelayedFamily[];
  readonly problems: readonly Problem[];
  readonly counted: CountedTick;
}

export interface TestCluster extends AsyncDisposable {
  readonly api: KubernetesApi;
  readonly runs: RunStore;
  /** Pods of the controller. */
  readonly pods: ControllerPod[];
  readonly server: LoopbackServer;
  readonly log: RecordingLog;
  /** Environment variables that secrets are read from. */
  readonly variables: Record<string, string>;
  /** Changes what the next tick sees as its time. */
  now: number;
  /** Collects, counts and saves, as one run of the function does; a minute later than the one before. */
  tick(budgetMs?: number): Promise<Tick>;
  /** As `tick`, in a run whose time for lists is up when the server is asked for one page more than these. */
  tickOf(pages: number): Promise<Tick>;
}

export interface TestClusterOptions {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly runs?: readonly RunObject[];
  /** In place of `runs`: what a simulated cluster holds. */
  readonly runStore?: RunStore;
  readonly store?: StateStore;
  readonly aws?: AwsAccess;
  readonly isKnown?: (token: string) => boolean;
  readonly make?: MakeServer;
  readonly protocol?: 'http' | 'https';
  readonly cluster?: (url: string) => object;
  readonly pageBytes?: number;
}

/** A Kubernetes API server on loopback and the source that reads it, on a clock that the test moves. */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { store = createMemoryStateStore(), aws = noAws } = options;
  const runs = options.runStore ?? createRunStore(options.runs);
  const time = { now: startMs };
  const clock = (): number => time.now;
  const pods: ControllerPod[] = [];
  const api = createKubernetesApi({
    clock,
    store: runs,
    isKnown: options.isKnown ?? ((sent) => sent === token),
    pods: () => pods,
    watchPace: 0,
  });
  const limit = pageLimit(api.listener);
  const server = await startLoopbackServer(limit.listener, options.make, options.protocol);
  const variables: Record<string, string> = { TOKEN: token };
  const {
    hub,
    cache: secrets,
    log,
  } = createWired(variables, {
    secretsClock: clock,
    ...(options.pageBytes === undefined ? {} : { maxResponseBytes: options.pageBytes }),
  });
  const cluster = options.cluster?.(server.url) ?? { server: server.url, token: { env: 'TOKEN' } };
  const config = TektonConfig.parse({ kind: 'tekton', name: 'ci', cluster, ...options.config });
  const source = createTekton(config, { http: hub.port(), aws, secrets: secrets.secrets, clock, log });
  const tick = async (budgetMs = 20_000, pages?: number): Promise<Tick> => {
    using wholeRun = createDeadline(budgetMs, () => Date.now());
    const deadline: Deadline = {
      ...wholeRun,
      slice: (share) => (pages === undefined ? wholeRun.slice(share) : limit.deadline()),
    };
    limit.allow(pages);
    secrets.startRun();
    const counted = await countTick(
      (openLedger) => source.collect({ deadline, tickMs: time.now, openLedger }),
      { id: 'tekton/ci', system: 'tekton', name: 'ci', metrics: selectMetrics(config) },
      {
        tickMs: time.now,
        // The API server's answers carry this clock in their `Date`, which a run reads.
        vendorNow: clock,
        store,
        signal: deadline.signal,
        settings: { maxSeriesPerMetric: 500, waitBounds, durationBounds, backfillMs: 0 },
        mode: 'commit',
        additiveSinks: [],
        isSettled: () => undefined,
        log,
      },
    );
    if (counted.outcome === 'skipped') return { families: [], problems: [], counted };
    return { ...counted.collection, counted };
  };
  let isFirst = true;
  const passMinute = (): void => {
    if (!isFirst) time.now += 60_000;
    isFirst = false;
  };
  return {
    api,
    runs,
    pods,
    server,
    log,
    variables,
    get now() {
      return time.now;
    },
    set now(value: number) {
      time.now = value;
    },
    tick: async (budgetMs) => {
      passMinute();
      return await tick(budgetMs);
    },
    tickOf: async (pages) => {
      passMinute();
      return await tick(undefined, pages);
    },
    [Symbol.asyncDispose]: async () => {
      await hub.close();
      await server.close();
    },
  };
}

/** Lets so many pages of lists through, and ends the time for lists with the request for the next one. */
function pageLimit(listener: RequestListener): {
  readonly listener: RequestListener;
  readonly allow: (pages: number | undefined) => void;
  readonly deadline: () => Deadline;
} {
  let left = Infinity;
  let end = (): void => undefined;
  return {
    listener: (request, response) => {
      const isPage = /\/(pipeline|task)runs\?limit=500/.test(request.url ?? '');
      if (isPage) left -= 1;
      if (isPage && left < 0) end();
      else listener(request, response);
    },
    allow: (pages = Infinity) => {
      left = pages;
    },
    deadline: () => {
      const deadline = createDeadline(20_000, () => Date.now());
      const controller = new AbortController();
      end = () => {
        controller.abort(new DOMException('the deadline has passed', 'TimeoutError'));
      };
      const signal = AbortSignal.any([deadline.signal, controller.signal]);
      const remainingMs = (): number => (signal.aborted ? 0 : deadline.remainingMs());
      return { ...deadline, signal, remainingMs };
    },
  };
}

/** `main build success` and its like, to values; gauges by level, counters by total, distributions by count. */
export function valuesOf(
  families: readonly MetricFamily[],
  name: string,
  labels: readonly string[],
): Readonly<Record<string, number>> {
  const family = families.find(({ definition }) => definition.name === name);
  const entries = (family?.samples ?? []).map((sample): readonly [string, number] => [
    labels.map((label) => sample.labels[label] ?? '').join(' '),
    valueOf(sample),
  ]);
  return Object.fromEntries(entries);
}

function valueOf(sample: MetricFamily['samples'][number]): number {
  if ('value' in sample) return sample.value;
  if ('increase' in sample) return sample.total?.value ?? sample.increase;
  return sample.total?.counts.reduce((sum, count) => sum + count, 0) ?? sample.observations.length;
}

/** Those that are not 0. */
export function nonZero(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}

export function observationsOf(families: readonly MetricFamily[], name: string): readonly number[] {
  const family = families.find(({ definition }) => definition.name === name);
  return family?.type === 'distribution' ? family.samples.flatMap(({ observations }) => observations) : [];
}

export interface RunOptions {
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Seconds before or after `startMs`. */
  readonly created?: number;
  readonly started?: number;
  readonly completed?: number;
  readonly condition?: readonly [status: RunCondition['status'], reason: string];
  readonly spec?: object;
  readonly status?: object;
}

export function pipelineRun(name: string, options: RunOptions = {}): RunObject {
  return runObject('PipelineRun', name, { labels: { 'tekton.dev/pipeline': 'build' }, ...options });
}

export function taskRun(name: string, options: RunOptions = {}): RunObject {
  return runObject('TaskRun', name, {
    labels: { 'tekton.dev/pipeline': 'build', 'tekton.dev/pipelineTask': 'compile' },
    ...options,
  });
}

function runObject(kind: RunObject['kind'], name: string, options: RunOptions): RunObject {
  const { namespace = 'ci', uid = `uid-${kind}-${namespace}-${name}`, created = -60, started, completed } = options;
  const { condition, labels = {}, annotations, spec, status = {} } = options;
  const [conditionStatus, reason] = condition ?? [undefined, ''];
  return {
    apiVersion: 'tekton.dev/v1',
    kind,
    metadata: {
      name,
      namespace,
      uid,
      creationTimestamp: timeAt(created),
      labels,
      ...(annotations === undefined ? {} : { annotations }),
      managedFields: [
        { manager: 'controller', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: { 'f:status': {} } },
      ],
    },
    ...(spec === undefined ? {} : { spec }),
    status: {
      ...(conditionStatus === undefined
        ? {}
        : {
            conditions: [
              { type: 'Succeeded', status: conditionStatus, reason, lastTransitionTime: timeAt(completed ?? created) },
            ],
          }),
      ...(started === undefined ? {} : { startTime: timeAt(started) }),
      ...(completed === undefined ? {} : { completionTime: timeAt(completed) }),
      ...status,
    },
  };
}

/** RFC 3339 without fractions, as Kubernetes writes times. */
export function timeAt(seconds: number): string {
  return new Date(startMs + seconds * 1000).toISOString().replace('.000Z', 'Z');
}
