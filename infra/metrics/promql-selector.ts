/** Names the series of a metric as CloudWatch stores them by OTLP, in the words of PromQL. */
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import type { OtlpConfig } from '../../lambda/sinks/otlp/config.ts';
import { type Stored, mapToStored } from '../../lambda/sinks/otlp/stored.ts';

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
export function buildSelector(
  naming: OtlpNaming,
  definition: MetricDefinition,
  labels: Labels,
  /** Labels whose value is one of several. */
  oneOf: Readonly<Record<string, readonly string[]>> = {},
): string {
  const telling = findStored(naming, definition);
  const told = telling.mapLabels?.(labels) ?? labels;
  const matchers = [
    ...Object.entries(told).map(([key, value]) => `${formatLabelName(key)}=${quoteText(value)}`),
    ...Object.entries(oneOf).map(
      ([label, values]) =>
        `${formatLabelName(findKey(telling, label))}=~${quoteText(values.map(escapePattern).join('|'))}`,
    ),
    `${formatLabelName(`@resource.${instanceId}`)}=${quoteText(naming.sink.resource[instanceId] ?? naming.config.collector)}`,
  ].join(',');
  return isPlain(telling.name) ? `${telling.name}{${matchers}}` : `{${quoteText(telling.name)},${matchers}}`;
}

/** What a label of the catalogue is called in the stored series, as `by` and `on` take it. */
export function findLabelName(naming: OtlpNaming, definition: MetricDefinition, label: string): string {
  return formatLabelName(findKey(findStored(naming, definition), label));
}

/** Under which name the metric is stored. */
export function findStoredName(naming: OtlpNaming, definition: MetricDefinition): string {
  return findStored(naming, definition).name;
}

/** @throws Error for a metric that the sink tells under no name, of which no alarm is planned. */
function findStored({ sink }: OtlpNaming, definition: MetricDefinition): Stored {
  const telling = mapToStored(sink, definition);
  if (telling === undefined) throw new Error(`${definition.name} has no name by OTLP`);
  return telling;
}

function findKey({ mapLabels }: Stored, label: string): string {
  const told = mapLabels?.({ [label]: label }) ?? { [label]: label };
  const [key] = Object.entries(told).find(([, value]) => value === label) ?? [label];
  return key;
}

/** Names with other characters stand in quotes, since Prometheus 3. */
function formatLabelName(name: string): string {
  return isPlain(name) ? name : quoteText(name);
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Strings of PromQL have the escapes of Go, among which are all of JSON that can occur in a name. */
function quoteText(text: string): string {
  return JSON.stringify(text);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
