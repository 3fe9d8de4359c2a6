/** Checks the alarms: each must be on a metric that a source fills and a sink publishes. */
import * as z from 'zod';
import { verdictResults } from '../../model/catalogue/results.ts';
import { queueOldestWait, starvedJobs } from '../../model/catalogue/queue-metrics.ts';
import { tokenExpiry } from '../../model/catalogue/collector-metrics.ts';
import { collectMetricNames, encodeDimensionValue } from '../../model/for-sinks/cloud-watch-shape.ts';
import type { CloudWatchShape, MetricDefinition } from '../../model/metric.ts';
import { runLastSuccess, runsFinished } from '../../model/catalogue/run-metrics.ts';
import { makeStorableValue } from '../../model/text/labels.ts';
import { prepareSink } from '../../sinks/prepare-sink.ts';
import { prepareSource } from '../../sources/prepare-source.ts';
import type { PreparedSource } from '../../sources/source.ts';
import type { ConfigFinding } from '../config-error.ts';
import type { Alarms, PipelineAlarm, QueueAlarm } from '../deployment.ts';
import { Selection, matchSelection } from '../../settings/glob.ts';

/** What the checks of alarms read of a checked configuration. */
export interface WatchedConfig {
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  /** Those whose metrics the alarms can read. */
  readonly sinks: readonly Readonly<Record<string, unknown>>[];
  readonly alarms: Alarms;
}

export function checkAlarms(config: WatchedConfig): readonly ConfigFinding[] {
  const { queues, pipelines, tokens } = config.alarms;
  if (queues.length + pipelines.length + tokens.length === 0) return [];
  const sources = config.sources.map((source) => prepareSource(source));
  return [
    ...checkPublished(config),
    ...checkDimensions(config),
    ...queues.flatMap((queue, index) => checkQueue(queue, index, sources, queues)),
    ...pipelines.flatMap((pipeline, index) => checkPipeline(pipeline, index, sources, pipelines)),
    ...tokens.flatMap(({ source }, index) => checkToken(source, index, sources, tokens)),
  ];
}

/** A metric that an alarm reads, by its name in CloudWatch and by the one in the catalogue. */
interface Wanted {
  readonly name: string;
  readonly byOtlp: string;
}

function checkPublished({ alarms, sinks }: WatchedConfig): readonly ConfigFinding[] {
  const buildFindings = (list: 'queues' | 'pipelines', subject: string, wanted: readonly Wanted[]) =>
    wanted
      .filter((one) => !isPublished(sinks, one))
      .map(({ name }) => ({
        path: ['alarms', list],
        message: `an alarm on a ${subject} reads ${name}, which no cloudwatch sink publishes; add such a sink, or let its "metrics" include ${name}`,
      }));
  const isSinceAsked = alarms.pipelines.some(({ sinceSuccessHours }) => sinceSuccessHours !== undefined);
  const isWaitAsked = alarms.queues.some(({ oldestWaitMinutes }) => oldestWaitMinutes !== undefined);
  const ofQueues = [...describeWanted(starvedJobs), ...(isWaitAsked ? describeWanted(queueOldestWait) : [])];
  const ofPipelines = [
    ...selectResultNames(runsFinished.cloudWatch).map((name) => ({ name, byOtlp: runsFinished.name })),
    ...(isSinceAsked ? describeWanted(runLastSuccess) : []),
  ];
  return [
    ...(alarms.queues.length === 0 ? [] : buildFindings('queues', 'queue', ofQueues)),
    ...(alarms.pipelines.length === 0 ? [] : buildFindings('pipelines', 'pipeline', ofPipelines)),
  ];
}

function describeWanted({ name, cloudWatch }: MetricDefinition): readonly Wanted[] {
  return collectMetricNames(cloudWatch).map((inCloudWatch) => ({ name: inCloudWatch, byOtlp: name }));
}

function selectResultNames({ name }: CloudWatchShape): readonly string[] {
  return typeof name === 'string' ? [name] : verdictResults.flatMap((result) => name.names[result] ?? []);
}

/** By a `cloudwatch` sink, or by one that writes to CloudWatch by OTLP, where it selects by the names of the catalogue. */
function isPublished(sinks: WatchedConfig['sinks'], { name, byOtlp }: Wanted): boolean {
  return sinks.some((sink) => {
    if (sink['kind'] === 'cloudwatch') return isSelected(sink['metrics'], name);
    return isOtlpToCloudWatch(sink) && isSelected(sink['metrics'], byOtlp);
  });
}

function isOtlpToCloudWatch(sink: WatchedConfig['sinks'][number]): boolean {
  return (
    sink['kind'] === 'otlp' &&
    prepareSink(sink)
      .grants([])
      .some(({ kind }) => kind === 'put-otlp-metrics')
  );
}

function isSelected(metrics: unknown, name: string): boolean {
  const selection = Selection.optional().safeParse(metrics);
  return selection.success && matchSelection(selection.data ?? {})(name);
}

/**
 * CloudFormation template reference, AWS::CloudWatch::Alarm Dimension: an alarm reads a shorter value than PutMetricData
 * takes.
 */
const mostDimensionCharacters = 255;

/** What the names of alarms, and the sink's own dimensions beside them, are in CloudWatch. */
function checkDimensions({ alarms, sinks }: WatchedConfig): readonly ConfigFinding[] {
  const inCloudWatch = sinks.filter(({ kind }) => kind === 'cloudwatch');
  if (inCloudWatch.length === 0) return [];
  return [
    ...alarms.queues.flatMap(({ scope, queue }, index) =>
      checkLengths(['alarms', 'queues', index], { scope, queue }, 'the alarm on all queues watches it'),
    ),
    ...alarms.pipelines.flatMap(({ scope, pipeline }, index) =>
      checkLengths(['alarms', 'pipelines', index], { scope, pipeline }, 'rename it in the CI system'),
    ),
    ...checkOwnDimensions(alarms, inCloudWatch),
  ];
}

function checkLengths(
  path: ConfigFinding['path'],
  names: Readonly<Record<string, string>>,
  instead: string,
): readonly ConfigFinding[] {
  return Object.entries(names).flatMap(([setting, name]) => {
    const { length } = encodeDimensionValue(name);
    const message = `has ${String(length)} characters in CloudWatch, where what is not ASCII is percent-encoded, and an alarm reads ${String(mostDimensionCharacters)}; leave the alarm out: ${instead}`;
    return length <= mostDimensionCharacters ? [] : [{ path: [...path, setting], message }];
  });
}

function checkOwnDimensions({ queues }: Alarms, sinks: WatchedConfig['sinks']): readonly ConfigFinding[] {
  const list = queues.length > 0 ? 'queues' : 'pipelines';
  const values = sinks.flatMap(({ dimensions }) => Object.entries(OwnDimensions.safeParse(dimensions).data ?? {}));
  return values
    .filter(([, value]) => value.length > mostDimensionCharacters)
    .map(([name, value]) => ({
      path: ['alarms', list],
      message: `an alarm reads ${String(mostDimensionCharacters)} characters of a dimension, and "${name}" of the cloudwatch sink has ${String(value.length)}; shorten that value, or leave the alarms out`,
    }));
}

const OwnDimensions = z.record(z.string(), z.string());

function checkQueue(
  queue: QueueAlarm,
  index: number,
  sources: readonly PreparedSource[],
  queues: readonly QueueAlarm[],
): readonly ConfigFinding[] {
  const path = ['alarms', 'queues', index];
  const source = sources.find(({ name }) => name === queue.source);
  if (source === undefined) return [describeUnknownSource(path, queue.source, sources)];
  if (!hasMetric(source, starvedJobs) && !hasMetric(source, queueOldestWait))
    return [{ path: [...path, 'source'], message: `source "${source.name}" tells of no queues; remove the alarm` }];
  const first = queues.findIndex(
    (other) => other.source === queue.source && other.scope === queue.scope && other.queue === queue.queue,
  );
  if (first !== index)
    return [{ path, message: `queue "${queue.queue}" has an alarm already; remove one of the two entries` }];
  return [...checkName(path, 'scope', queue.scope), ...checkName(path, 'queue', queue.queue)];
}

function checkPipeline(
  alarm: PipelineAlarm,
  index: number,
  sources: readonly PreparedSource[],
  pipelines: readonly PipelineAlarm[],
): readonly ConfigFinding[] {
  const path = ['alarms', 'pipelines', index];
  const source = sources.find(({ name }) => name === alarm.source);
  if (source === undefined) return [describeUnknownSource(path, alarm.source, sources)];
  if (!hasMetric(source, runsFinished))
    return [
      { path: [...path, 'source'], message: `source "${source.name}" counts no runs of pipelines; remove the alarm` },
    ];
  if (alarm.sinceSuccessHours !== undefined && !hasMetric(source, runLastSuccess))
    return [
      {
        path: [...path, 'sinceSuccessHours'],
        message: `source "${source.name}" does not tell when a pipeline last succeeded; leave it out`,
      },
    ];
  const first = pipelines.findIndex(
    (other) => other.source === alarm.source && other.scope === alarm.scope && other.pipeline === alarm.pipeline,
  );
  if (first !== index)
    return [{ path, message: `pipeline "${alarm.pipeline}" has an alarm already; remove one of the two entries` }];
  return [...checkName(path, 'scope', alarm.scope), ...checkName(path, 'pipeline', alarm.pipeline)];
}

/** What every name becomes before it is published, so that an alarm on another one waits for ever. */
function checkName(
  path: ConfigFinding['path'],
  setting: 'scope' | 'queue' | 'pipeline',
  name: string,
): readonly ConfigFinding[] {
  const published = makeStorableValue(name);
  if (published === name) return [];
  return [
    { path: [...path, setting], message: `no ${setting} is published under this name; it would be "${published}"` },
  ];
}

function checkToken(
  name: string,
  index: number,
  sources: readonly PreparedSource[],
  tokens: Alarms['tokens'],
): readonly ConfigFinding[] {
  const path = ['alarms', 'tokens', index];
  if (!sources.some((source) => source.name === name && hasMetric(source, tokenExpiry))) {
    const telling = sources.filter((source) => hasMetric(source, tokenExpiry)).map((source) => `"${source.name}"`);
    const there = telling.length === 0 ? 'no configured source does' : `those that do: ${telling.join(', ')}`;
    const message = `names "${name}", which does not tell when its credential ends; ${there}`;
    return [{ path: [...path, 'source'], message }];
  }
  if (tokens.findIndex(({ source }) => source === name) === index) return [];
  return [{ path, message: `the credential of source "${name}" has an entry already; remove one of the two` }];
}

function hasMetric({ metrics }: PreparedSource, metric: MetricDefinition): boolean {
  return metrics.includes(metric);
}

function describeUnknownSource(
  path: ConfigFinding['path'],
  name: string,
  sources: readonly PreparedSource[],
): ConfigFinding {
  const known = sources.map((source) => `"${source.name}"`).join(', ');
  return { path: [...path, 'source'], message: `there is no source named "${name}"; configured: ${known}` };
}
