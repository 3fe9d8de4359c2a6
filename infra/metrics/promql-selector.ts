/** Names the series of a metric as CloudWatch stores them by OTLP, in the words of PromQL. */
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { OtlpConfig } from '../../lambda/sinks/otlp/config.ts';
import { type Stored, storedAs } from '../../lambda/sinks/otlp/stored.ts';

export interface OtlpNaming {
  readonly sink: Pick<OtlpConfig, 'naming' | 'compat' | 'resource'>;
  readonly config: Pick<CollectorConfig, 'collector'>;
}

/** The attribute of a resource that tells one collector of an account from another. */
const instanceId = 'service.instance.id';

/**
 * `ci_queue_starved_jobs{source="ci","@resource.service.instance.id"="ci-metrics"}`: CloudWatch keeps the attributes of
 * points under their own names, and has those of the resource behind `@resource.` (CloudWatch user guide, "Querying with
 * PromQL").
 */
export function selectorOf(
  naming: OtlpNaming,
  definition: MetricDefinition,
  labels: Labels,
  /** Labels whose value is one of several. */
  oneOf: Readonly<Record<string, readonly string[]>> = {},
): string {
  const telling = tellingOf(naming, definition);
  const told = telling.attributesOf?.(labels) ?? labels;
  const matchers = [
    ...Object.entries(told).map(([key, value]) => `${labelName(key)}=${quoted(value)}`),
    ...Object.entries(oneOf).map(
      ([label, values]) => `${labelName(keyIn(telling, label))}=~${quoted(values.map(escaped).join('|'))}`,
    ),
    `${labelName(`@resource.${instanceId}`)}=${quoted(naming.sink.resource[instanceId] ?? naming.config.collector)}`,
  ].join(',');
  return isPlain(telling.name) ? `${telling.name}{${matchers}}` : `{${quoted(telling.name)},${matchers}}`;
}

/** What a label of the catalogue is called in the stored series, as `by` and `on` take it. */
export function labelIn(naming: OtlpNaming, definition: MetricDefinition, label: string): string {
  return labelName(keyIn(tellingOf(naming, definition), label));
}

/** Under which name the metric is stored. */
export function storedName(naming: OtlpNaming, definition: MetricDefinition): string {
  return tellingOf(naming, definition).name;
}

/** @throws Error for a metric that the sink tells under no name, of which no alarm is planned. */
function tellingOf({ sink }: OtlpNaming, definition: MetricDefinition): Stored {
  const telling = storedAs(sink, definition);
  if (telling === undefined) throw new Error(`${definition.name} has no name by OTLP`);
  return telling;
}

function keyIn({ attributesOf }: Stored, label: string): string {
  const told = attributesOf?.({ [label]: label }) ?? { [label]: label };
  const [key] = Object.entries(told).find(([, value]) => value === label) ?? [label];
  return key;
}

/** Names with other characters stand in quotes, since Prometheus 3. */
function labelName(name: string): string {
  return isPlain(name) ? name : quoted(name);
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Strings of PromQL have the escapes of Go, among which are all of JSON that can occur in a name. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
