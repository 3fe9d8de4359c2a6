/** A simulated collector whose report, log lines and encoder are the real ones; only the network is left out. */
import * as z from 'zod';
import type { Prepared } from '../../../infra/prepared.ts';
import { convertInterval } from '../../../lambda/settings/interval.ts';
import { queueOldestWait, starvedJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { credentialFamilies, type CredentialTimes } from '../../../lambda/model/credential.ts';
import { buildGauge, type GaugeFamily, type MetricDefinition } from '../../../lambda/model/metric.ts';
import { runLastSuccess, runsStuck } from '../../../lambda/model/catalogue/run-metrics.ts';
import { formatEmbeddedMetrics } from '../../../lambda/report/embedded-metrics.ts';
import { mapHealth } from '../../../lambda/report/map-health.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from '../../../lambda/report/report.ts';
import type { PreparedSource } from '../../../lambda/sources/source.ts';
import { encodeDatums } from '../../../lambda/sinks/cloudwatch/encode/encode-datums.ts';
import { oldestVisit } from '../../../lambda/model/catalogue/crawl-metrics.ts';
import { unseenRuns } from '../../../lambda/sources/tekton/metrics.ts';
import type { MetricStore } from './metric-store.ts';
import { minuteMs } from '../../../lambda/model/time.ts';

/**
 * A collector of which only the network is left out: its runs are told, and what arrives in CloudWatch is what the real
 * report, the real log lines and the real encoder of the sink make of them.
 */

/** What happens in one poll. */
export interface Scene {
  /** `none`: no run is started; `crash`: the function is started and dies before its run ends. */
  readonly run?: 'ends' | 'none' | 'crash' | 'throttled';
  /** How much later than usual its metrics arrive: a cold start, or slow log lines. */
  readonly lateSeconds?: number;
  /** Sources that cannot be read, by name. */
  readonly failing?: readonly string[];
  /** Sinks that refuse everything, by name. */
  readonly refusing?: readonly string[];
  /** Queues that have jobs and no worker, as `source/queue`; the others have neither. */
  readonly starved?: readonly string[];
  /** Seconds that the oldest job of a queue has been waiting, by `source/queue`. */
  readonly waits?: Readonly<Record<string, number>>;
  /** What the CI systems tell of the credentials, by source. */
  readonly credentials?: Readonly<Record<string, CredentialTimes>>;
}

export interface SimulatedCollector {
  /** Polls and publishes once. */
  readonly poll: (store: MetricStore, atSeconds: number, scene: Scene) => void;
  readonly intervalSeconds: number;
  /** How often the schedule fires: below one minute a run polls several times. */
  readonly scheduleSeconds: number;
}

export interface CollectorOptions {
  readonly prepared: Prepared;
  /** As the alarms of the template name it. */
  readonly functionName: string;
  readonly deadLetterQueue: string;
  readonly queues?: readonly string[];
}

/** A run of some seconds, and the way of its log lines to CloudWatch. */
const arrivesAfterSeconds = 15;

const meter = { attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 };

export function simulateCollector(options: CollectorOptions): SimulatedCollector {
  const { prepared, functionName, deadLetterQueue, queues = ['default'] } = options;
  const intervalMs = convertInterval(prepared.config.interval);
  const scheduleSeconds = Math.max(intervalMs, minuteMs) / 1000;
  const deadLetters = { count: 0 };
  return {
    intervalSeconds: intervalMs / 1000,
    scheduleSeconds,
    poll: (store, atSeconds, scene) => {
      const { run = 'ends', lateSeconds = 0 } = scene;
      const arrivesAtSeconds = atSeconds + arrivesAfterSeconds + lateSeconds;
      const report = reportOf(prepared, atSeconds, scene);
      const isStart = atSeconds % scheduleSeconds === 0;
      if (isStart) addOfAws(store, { functionName, deadLetterQueue, deadLetters }, atSeconds, run, report);
      if (run !== 'ends') return;
      const add = (namespace: string, name: string, dimensions: Readonly<Record<string, string>>, value: number) => {
        store.add({ namespace, name, dimensions }, { atSeconds, arrivesAtSeconds, value });
      };
      for (const point of embeddedPoints(prepared, report))
        add(point.namespace, point.name, point.dimensions, point.value);
      const batch = {
        tickMs: atSeconds * 1000,
        collectedAtMs: atSeconds * 1000,
        sources: prepared.sources.map((source) => partOf(source, scene, queues)),
        health: mapHealth(report),
      };
      for (const sink of prepared.cloudWatchSinks) {
        if (scene.refusing?.includes(sink.name) === true) continue;
        const { collector } = prepared.config;
        for (const datum of encodeDatums(batch, { config: sink, collector, intervalMs }).datums) {
          if (typeof datum.value !== 'number') continue;
          const dimensions = Object.fromEntries(datum.dimensions.map(({ name, value }) => [name, value]));
          add(datum.namespace, datum.name, dimensions, datum.value);
        }
      }
    },
  };
}

interface OfAws extends Pick<CollectorOptions, 'functionName' | 'deadLetterQueue'> {
  readonly deadLetters: { count: number };
}

/** AWS's own metrics: it publishes zeros of errors and throttles beside invocations, and nothing without any. */
function addOfAws(
  store: MetricStore,
  { functionName, deadLetterQueue, deadLetters }: OfAws,
  atSeconds: number,
  run: NonNullable<Scene['run']>,
  report: RunReport,
): void {
  if (run === 'none') return;
  const point = (value: number) => ({ atSeconds, arrivesAtSeconds: atSeconds + arrivesAfterSeconds, value });
  const add = (name: string, value: number): void => {
    store.add({ namespace: 'AWS/Lambda', name, dimensions: { FunctionName: functionName } }, point(value));
  };
  if (run === 'throttled') {
    add('Throttles', 1);
    return;
  }
  const isError = run === 'crash' || report.outcome === 'failed';
  add('Invocations', 1);
  add('Errors', isError ? 1 : 0);
  add('Throttles', 0);
  add('Duration', 2000);
  const queue = { namespace: 'AWS/SQS', dimensions: { QueueName: deadLetterQueue } };
  if (isError) {
    deadLetters.count += 1;
    store.add({ ...queue, name: 'NumberOfMessagesSent' }, point(1));
  }
  // The queue is not emptied, and it keeps a message for three days.
  if (deadLetters.count > 0)
    store.add({ ...queue, name: 'ApproximateNumberOfMessagesVisible' }, point(deadLetters.count));
}

function reportOf({ config, sources, sinks }: Prepared, atSeconds: number, scene: Scene): RunReport {
  const problem = { kind: 'unavailable', where: 'simulation', message: 'is told to fail' } as const;
  const sourceOutcomes = sources.map((source): SourceOutcome => {
    const isFailing = scene.failing?.includes(source.name) === true;
    return {
      id: `${source.kind}/${source.name}`,
      system: source.system,
      name: source.name,
      status: isFailing ? 'failed' : 'complete',
      durationMs: 500,
      samples: isFailing ? 0 : 10,
      overflow: 0,
      problems: isFailing ? [problem] : [],
      meter,
      ...(isFailing ? {} : { lastSuccessMs: atSeconds * 1000 }),
      told: credentialFamilies({ system: source.system, source: source.name }, scene.credentials?.[source.name] ?? {}),
    };
  });
  const sinkOutcomes = sinks.map(({ kind, name }): SinkOutcome => {
    const isRefusing = scene.refusing?.includes(name) === true;
    const problems = isRefusing ? [problem] : [];
    const accepted = isRefusing ? 0 : 10;
    return { id: `${kind}/${name}`, name, durationMs: 100, accepted, requests: 1, bytes: 1, problems };
  });
  const allSourcesFail = sourceOutcomes.every(({ status }) => status === 'failed');
  const allSinksFail = sinkOutcomes.length > 0 && sinkOutcomes.every(({ accepted }) => accepted === 0);
  return {
    outcome: allSourcesFail || allSinksFail ? 'failed' : 'ok',
    collector: config.collector,
    tickMs: atSeconds * 1000,
    scheduledMs: atSeconds * 1000,
    startedAtMs: atSeconds * 1000 + 300,
    durationMs: 1000,
    sources: sourceOutcomes,
    sinks: sinkOutcomes,
  };
}

const EmbeddedLine = z
  .object({
    _aws: z.object({
      CloudWatchMetrics: z.tuple([
        z.object({
          Namespace: z.string(),
          Dimensions: z.tuple([z.array(z.string())]),
          Metrics: z.array(z.object({ Name: z.string() })),
        }),
      ]),
    }),
  })
  .loose();

interface EmbeddedPoint {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The points that CloudWatch Logs reads out of the log lines. */
function embeddedPoints({ config }: Prepared, report: RunReport): readonly EmbeddedPoint[] {
  const { collectorNamespace: namespace, collector } = config;
  const lines = formatEmbeddedMetrics(mapHealth(report), { namespace, collector, tickMs: report.tickMs });
  return lines.flatMap((text) => {
    const line = EmbeddedLine.parse(JSON.parse(text));
    const [{ Namespace, Dimensions, Metrics }] = line._aws.CloudWatchMetrics;
    const dimensions = Object.fromEntries(Dimensions[0].map((name) => [name, String(line[name])]));
    return Metrics.map(({ Name }) => ({ namespace: Namespace, name: Name, dimensions, value: Number(line[Name]) }));
  });
}

/** The levels that alarms read; a source that fails publishes nothing. */
function partOf(source: PreparedSource, scene: Scene, queues: readonly string[]) {
  const { system, name } = source;
  if (scene.failing?.includes(name) === true) return { system, source: name, status: 'failed' as const, families: [] };
  const of = (definition: MetricDefinition, family: () => GaugeFamily): readonly GaugeFamily[] =>
    source.metrics.includes(definition) ? [family()] : [];
  const labels = { system, source: name };
  const inQueues = (value: (queue: string) => number) =>
    queues.map((queue) => ({ labels: { ...labels, scope: 'unclustered', queue }, value: value(queue) }));
  const families = [
    ...of(starvedJobs, () =>
      buildGauge(
        starvedJobs,
        inQueues((queue) => (scene.starved?.includes(`${name}/${queue}`) === true ? 3 : 0)),
      ),
    ),
    ...of(queueOldestWait, () =>
      buildGauge(
        queueOldestWait,
        inQueues((queue) => scene.waits?.[`${name}/${queue}`] ?? 0),
      ),
    ),
    ...of(runsStuck, () => buildGauge(runsStuck, [{ labels: { ...labels, scope: 'ci', pipeline: 'main' }, value: 0 }])),
    ...of(runLastSuccess, () =>
      buildGauge(runLastSuccess, [{ labels: { ...labels, scope: 'ci', pipeline: 'main', branch: 'main' }, value: 0 }]),
    ),
    ...of(unseenRuns, () => buildGauge(unseenRuns, [{ labels: { ...labels, scope: 'ci' }, value: 0 }])),
    ...of(oldestVisit, () => buildGauge(oldestVisit, [{ labels, value: 60 }])),
  ];
  return { system, source: name, status: 'complete' as const, families };
}
