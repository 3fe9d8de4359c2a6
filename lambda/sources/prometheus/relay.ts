import type { Labels } from '../../model/metric.ts';
import type { RelayedFamily, RelayedSample, RelayedType } from '../../model/relayed.ts';
import { histogramsOf, without } from '../../prometheus-text/histograms.ts';
import type { PageFamily, PageLabels, PageSample } from '../../prometheus-text/page.ts';
import type { PrometheusConfig } from './config.ts';
import type { Relabel } from './relabel.ts';
import { withTargetLabels } from './target-labels.ts';

/** A target's page has more than its limits allow; as in Prometheus, nothing of it is used. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

export interface RelayOptions {
  readonly config: PrometheusConfig;
  readonly target: PageLabels;
  readonly relabel: Relabel;
}

export interface Relayed {
  readonly families: readonly RelayedFamily[];
  /** After relabelling. */
  readonly samples: number;
  /** Names of histograms of which a label set was left out, for its lines contradict each other. */
  readonly unsound: readonly string[];
}

/** What is told of a family: as a page of the text format would declare it. */
interface Head {
  readonly name: string;
  readonly type: RelayedType;
  readonly help: string;
}

/** The families of a page with the labels of their target, renamed and relabelled. @throws LimitError */
export function relay(page: readonly PageFamily[], options: RelayOptions): Relayed {
  const families = new Map<string, { readonly head: Head; readonly samples: RelayedSample[] }>();
  const unsound: string[] = [];
  let samples = 0;
  for (const scraped of page) {
    const { family, dropped } = sound(scraped);
    if (dropped > 0) unsound.push(family.name);
    const starts = startsOf(family);
    for (const sample of family.samples) {
      const made = relayedSample(sample, headOf(family, sample), starts, options);
      if (made === undefined) continue;
      const key = `${made.head.type} ${made.head.name}`;
      const known = families.get(key);
      if (known === undefined) families.set(key, { head: made.head, samples: [made.sample] });
      else known.samples.push(made.sample);
      samples += 1;
    }
  }
  const relayed = [...families.values()].map(
    ({ head, samples: own }) => ({ ...head, about: 'target', samples: own }) as const,
  );
  return { families: relayed, samples, unsound };
}

/** A histogram without the label sets whose buckets fall or do not add up. */
function sound(family: PageFamily): { readonly family: PageFamily; readonly dropped: number } {
  if (family.type !== 'histogram') return { family, dropped: 0 };
  const keyOf = (labels: PageLabels): string => JSON.stringify([...labels]);
  const bad = new Set(histogramsOf(family).unsound.map(keyOf));
  if (bad.size === 0) return { family, dropped: 0 };
  const samples = family.samples.filter(({ labels }) => !bad.has(keyOf(without(labels, 'le'))));
  return { family: { ...family, samples }, dropped: bad.size };
}

const plainTypes = {
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  untyped: 'untyped',
  unknown: 'untyped',
  info: 'gauge',
  stateset: 'gauge',
  gaugehistogram: 'untyped',
  counter: 'counter',
} as const;

function headOf({ name, type, help = '' }: PageFamily, sample: PageSample): Head {
  if (sample.name === `${name}_created` && type !== 'gauge') return { name: sample.name, type: 'gauge', help };
  // The text format has one name where OpenMetrics has a family and its suffix.
  const hasOwnName = type === 'counter' || type === 'info' || type === 'gaugehistogram';
  return { name: hasOwnName ? sample.name : name, type: plainTypes[type], help };
}

/** OpenMetrics: when the totals of a label set began. */
function startsOf({ name, type, samples }: PageFamily): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  if (type !== 'counter' && type !== 'histogram' && type !== 'summary') return starts;
  for (const sample of samples)
    if (sample.name === `${name}_created`)
      starts.set(JSON.stringify([...sample.labels]), Math.round(sample.value * 1000));
  return starts;
}

function startOf(sample: PageSample, starts: ReadonlyMap<string, number>): number | undefined {
  if (starts.size === 0 || sample.name.endsWith('_created')) return undefined;
  return starts.get(JSON.stringify([...without(without(sample.labels, 'le'), 'quantile')]));
}

function relayedSample(
  sample: PageSample,
  head: Head,
  starts: ReadonlyMap<string, number>,
  { config, target, relabel }: RelayOptions,
): { readonly head: Head; readonly sample: RelayedSample } | undefined {
  const renamed = renamedHead(head, sample.name, config);
  const own = { ...sample, labels: legacyLabels(sample.labels, config) };
  const all = withTargetLabels(own, target, config.honorLabels);
  assertLimits(all, config);
  const labels = relabel(all.set('__name__', renamed.sample));
  const name = labels?.get('__name__');
  if (labels === undefined || name === undefined) return undefined;
  const startMs = startOf(sample, starts);
  const isDated = config.honorTimestamps && sample.timestampMs !== undefined;
  return {
    head: name === renamed.sample ? renamed.head : { ...head, name, type: typeAlone(head.type) },
    sample: {
      name,
      labels: publicLabels(labels),
      value: sample.value,
      ...(isDated ? { timestampMs: sample.timestampMs } : {}),
      ...(startMs === undefined ? {} : { startMs }),
      ...(sample.exemplar === undefined
        ? {}
        : { exemplar: { ...sample.exemplar, labels: Object.fromEntries(sample.exemplar.labels) } }),
    },
  };
}

function renamedHead(
  head: Head,
  sample: string,
  config: PrometheusConfig,
): { readonly head: Head; readonly sample: string } {
  const to = Object.hasOwn(config.rename, head.name) ? config.rename[head.name] : undefined;
  const name = legacyName(to ?? head.name, config);
  const own = to === undefined || !sample.startsWith(head.name) ? sample : `${to}${sample.slice(head.name.length)}`;
  return { head: { ...head, name }, sample: legacyName(own, config) };
}

/** A rule that renames one series takes it out of its family; a bucket alone is no histogram. */
function typeAlone(type: RelayedType): RelayedType {
  return type === 'histogram' || type === 'summary' ? 'untyped' : type;
}

/** The scheme `underscores` of Prometheus 3, for servers that send UTF-8 names without being asked. */
function legacyName(name: string, { utf8Names }: PrometheusConfig): string {
  if (utf8Names === 'keep' || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return name;
  return Array.from(name, (char, index) =>
    /[a-zA-Z_:]/.test(char) || (index > 0 && /[0-9]/.test(char)) ? char : '_',
  ).join('');
}

function legacyLabels(labels: PageLabels, config: PrometheusConfig): PageLabels {
  const isLegacy =
    config.utf8Names === 'keep' || [...labels.keys()].every((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
  if (isLegacy) return labels;
  return new Map([...labels].map(([name, value]) => [legacyName(name, config).replaceAll(':', '_'), value]));
}

function assertLimits(labels: PageLabels, { limits }: PrometheusConfig): void {
  if (labels.size > limits.labels) throw new LimitError(`a series has more than ${String(limits.labels)} labels`);
  for (const [name, value] of labels)
    if (value.length > limits.labelValueLength)
      throw new LimitError(`a value of the label ${name} is longer than ${String(limits.labelValueLength)} characters`);
}

/** Without those that relabelling uses for itself; sorted, as pages and receivers want them. */
function publicLabels(labels: PageLabels): Labels {
  const names = [...labels.keys()].filter((name) => !name.startsWith('__') && labels.get(name) !== '').sort();
  return Object.fromEntries(names.map((name) => [name, labels.get(name) ?? '']));
}
