/** Finds the CloudWatch metric of a metric of the catalogue, or says why there is none. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { matchSelection } from '../../lambda/settings/glob.ts';
import {
  buildDeploymentDimensions,
  formatDimensionName,
  encodeDimensionValue,
  resolveNamespace,
} from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { CloudWatchConfig } from '../../lambda/sinks/cloudwatch/config.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { Prepared } from '../prepared.ts';
import { buildLevelReading, type PromqlReading } from './promql-reading.ts';
import { canEmit, expandLabelSets, expandNames, findTwin } from './published-metrics.ts';
import { chooseScheduleRate } from '../settings.ts';

/**
 * A metric of the catalogue, or of a vendor's own names, as CloudWatch has it: labels become dimensions, and the label
 * that the metric's name stands for chooses the name.
 * @throws Error when this configuration does not publish it, saying what to use instead.
 */
export function buildMetric(
  prepared: Prepared,
  definition: MetricDefinition,
  labels: Labels,
  options: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  const { name, dimensionLabels } = findShape(definition, labels);
  const period = chooseScheduleRate(prepared.config);
  const shared = { metricName: name, statistic: definition.cloudWatch.statistic, period };
  const ofDeployment = buildDeploymentDimensions(definition.cloudWatch.namespace, prepared.config.collector);
  const own = {
    ...ofDeployment,
    ...Object.fromEntries(
      dimensionLabels.map((label) => [formatDimensionName(label), encodeDimensionValue(labels[label] ?? '')]),
    ),
  };
  if (definition.cloudWatch.namespace === 'collector') {
    const namespace = prepared.config.collectorNamespace;
    return new cloudwatch.Metric({ ...shared, namespace, dimensionsMap: own, ...options });
  }
  const sink = findPublishingSink(prepared, definition, name, labels);
  return new cloudwatch.Metric({
    ...shared,
    namespace: resolveNamespace(definition.cloudWatch.namespace, sink.namespace),
    dimensionsMap: dimensionLabels.length === 0 ? {} : { ...sink.dimensions, ...own },
    ...(sink.region === undefined ? {} : { region: sink.region }),
    ...options,
  });
}

interface NamedShape {
  readonly name: string;
  readonly dimensionLabels: readonly string[];
}

function findShape(definition: MetricDefinition, labels: Labels): NamedShape {
  const chosen = expandNames(definition).find(({ labels: wanted }) => hasLabels(labels, wanted));
  if (chosen === undefined) {
    const { name } = definition.cloudWatch;
    const label = typeof name === 'string' ? '' : name.label;
    throw new Error(`${definition.name} has one CloudWatch metric for each "${label}"; give it a value that exists`);
  }
  const given = Object.keys(labels).filter((label) => !(label in chosen.labels) && labels[label] !== '');
  const sets = expandLabelSets(definition);
  const exact = sets.find((set) => set.length === given.length && given.every((label) => set.includes(label)));
  if (exact !== undefined) return { name: chosen.name, dimensionLabels: exact };
  const known = sets.map((set) => `{${set.join(', ')}}`).join(' or ');
  throw new Error(`${definition.name} is published with the labels ${known}, not with {${given.join(', ')}}`);
}

function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** A level of a source for an alarm: the metric, or where there is no such sink what is stored by OTLP. */
export function chooseReading(
  prepared: Prepared,
  definition: MetricDefinition,
  labels: Labels,
  options: Pick<cloudwatch.MetricOptions, 'statistic'> = {},
): cloudwatch.IMetric | PromqlReading {
  const [sink] = prepared.otlpSinks;
  if (prepared.cloudWatchSinks.length > 0 || sink === undefined)
    return buildMetric(prepared, definition, labels, options);
  const { source } = labels;
  return buildLevelReading(prepared, sink, definition, {
    labels,
    ...(source === undefined ? {} : { source }),
    ...options,
  });
}

/** Whether a sink publishes the metric: of a metric that the operator leaves out no alarm is made by default. */
export function isTaken(prepared: Prepared, definition: MetricDefinition, labels: Labels): boolean {
  const { cloudWatchSinks, otlpSinks } = prepared;
  if (cloudWatchSinks.length === 0)
    return otlpSinks.some(({ metrics }) => matchSelection(metrics ?? {})(definition.name));
  const { name } = findShape(definition, labels);
  return cloudWatchSinks.some(({ metrics }) => matchSelection(metrics ?? {})(name));
}

/** The first sink that publishes the metric; a vendor's twin, a deny list or a missing source leave none. */
function findPublishingSink(
  { sources, cloudWatchSinks }: Prepared,
  definition: MetricDefinition,
  name: string,
  labels: Labels,
): CloudWatchConfig {
  const [first] = cloudWatchSinks;
  if (first === undefined) throw new Error(`${name} needs a sink of kind cloudwatch in the configuration`);
  const emitting = sources.filter(
    (source) =>
      source.metrics.includes(definition) &&
      canEmit(source, definition, labels) &&
      isSource(source.name, labels['source']),
  );
  if (emitting.length === 0) {
    const which = labels['source'] === undefined ? 'no configured source' : `no source named "${labels['source']}"`;
    throw new Error(`${name} is emitted by ${which}; check the name and the source's settings`);
  }
  const taking = cloudWatchSinks.filter(({ metrics }) => matchSelection(metrics ?? {})(name));
  const [sink] = taking;
  if (sink === undefined) throw new Error(`${name} is left out by "metrics" of the cloudwatch sink; include it there`);
  const neutral = taking.find((each) => findTwinOfAll(emitting, each, definition, labels) === undefined);
  const twin = findTwinOfAll(emitting, sink, definition, labels);
  if (neutral !== undefined || twin === undefined) return neutral ?? sink;
  throw new Error(
    `${name} is published under the vendor's own name ${expandNames(twin)
      .map((own) => own.name)
      .join(', ')} instead; use the metric ${twin.name}, or set compat: false`,
  );
}

/** The vendor's metric that every one of the sources publishes in place of a neutral one. */
function findTwinOfAll(
  sources: readonly PreparedSource[],
  sink: CloudWatchConfig,
  definition: MetricDefinition,
  labels: Labels,
): MetricDefinition | undefined {
  const twins = sources.map((source) => findTwin(source, definition, labels, matchSelection(sink.metrics ?? {})));
  return twins.includes(undefined) ? undefined : twins[0];
}

/** The vendor's metric under which a sink publishes a neutral one of a source; undefined where it goes by its own name. */
export function findVendorMetric(
  { sources, cloudWatchSinks }: Prepared,
  definition: MetricDefinition,
  labels: Labels,
): { readonly twin: MetricDefinition; readonly sink: CloudWatchConfig } | undefined {
  const { name } = findShape(definition, labels);
  const own = sources.filter((source) => isSource(source.name, labels['source']));
  const telling = cloudWatchSinks.map((sink) => ({ sink, twin: findTwinOfAll(own, sink, definition, labels) }));
  // A sink that leaves the vendor's out and takes the neutral one publishes that.
  const isNeutral = telling.some(({ sink, twin }) => twin === undefined && matchSelection(sink.metrics ?? {})(name));
  const [first] = telling.flatMap(({ sink, twin }) => (twin === undefined ? [] : [{ sink, twin }]));
  return isNeutral ? undefined : first;
}

function isSource(name: string, wanted: string | undefined): boolean {
  return wanted === undefined || name === wanted;
}

/** The `system` label of a configured source. @throws Error for a name that no source has. */
export function findSystem({ sources }: Prepared, name: string): string {
  const source = sources.find((other) => other.name === name);
  if (source !== undefined) return source.system;
  const known = sources.map((other) => `"${other.name}"`).join(', ');
  throw new Error(`there is no source named "${name}"; configured: ${known}`);
}
