/** Turns a target's page into the series that a Prometheus would store: labels, names, limits and times. */
import type { Labels } from '../../../model/metric.ts';
import type { RelayedFamily, RelayedOnlyType, RelayedSample, RelayedType } from '../../../model/relayed.ts';
import { quoteText } from '../../../prometheus-text/lines/cursor.ts';
import { buildHistograms, omitLabel } from '../../../prometheus-text/histograms.ts';
import type { PageFamily, PageLabels, PageSample } from '../../../prometheus-text/page.ts';
import type { PrometheusConfig } from '../config.ts';
import type { Relabel } from './relabel.ts';
import { createTimeCheck, type Untimely } from './sample-times.ts';
import { addTargetLabels } from './target-labels.ts';

/** A target's page has more than its limits allow; as in Prometheus, nothing of it is used. */
export class LimitError extends Error {
  override readonly name = 'LimitError';
}

export interface RelayOptions {
  readonly config: PrometheusConfig;
  readonly target: PageLabels;
  readonly relabel: Relabel;
  /** When the page was read. Epoch milliseconds. */
  readonly nowMs: number;
}

export interface Relayed {
  readonly families: readonly RelayedFamily[];
  /** After relabelling, those that were left out for their time among them. */
  readonly samples: number;
  /** Names of histograms that contradict themselves; their series go on as untyped. */
  readonly unsound: readonly string[];
  readonly untimely: Untimely;
}

/** What is told of a family: as a page of the text format would declare it. */
interface Head {
  readonly name: string;
  readonly type: RelayedType;
  readonly declared: RelayedOnlyType | undefined;
  readonly help: string;
  readonly unit: string | undefined;
}

/** The families of a page with the labels of their target, renamed and relabelled. @throws LimitError */
export function relay(page: readonly PageFamily[], options: RelayOptions): Relayed {
  const families = new Map<string, { readonly head: Head; readonly samples: RelayedSample[] }>();
  const splitFamilies = page.map(splitUnsound);
  const times = createTimeCheck(options.config, options.nowMs);
  let samples = 0;
  for (const family of splitFamilies.flat()) {
    const starts = collectStarts(family);
    for (const sample of family.samples) {
      const made = relaySample(sample, { family, head: describeHead(family, sample), starts }, options);
      if (made === undefined) continue;
      samples += 1;
      if (!times.isTimely(made.sample)) continue;
      const key = `${made.head.type} ${made.head.name}`;
      const known = families.get(key);
      if (known === undefined) families.set(key, { head: made.head, samples: [made.sample] });
      else known.samples.push(made.sample);
    }
  }
  const relayed = [...families.values()].map(
    ({ head, samples: own }) => ({ ...head, about: 'target', samples: own }) as const,
  );
  const unsound = page.filter((_, index) => (splitFamilies[index]?.length ?? 0) > 1).map(({ name }) => name);
  return { families: relayed, samples, unsound, untimely: times.untimely() };
}

/**
 * A histogram, and beside it its contradictory label sets (buckets that fall or do not add up) as untyped families
 * under their own names: these are passed on line by line, as Prometheus stores them.
 */
function splitUnsound(family: PageFamily): readonly PageFamily[] {
  if (family.type !== 'histogram') return [family];
  const formatKey = (labels: PageLabels): string => JSON.stringify([...labels]);
  const bad = new Set(buildHistograms(family).unsound.map(formatKey));
  if (bad.size === 0) return [family];
  const isBad = ({ labels }: PageSample): boolean => bad.has(formatKey(omitLabel(labels, 'le')));
  const { name: of } = family;
  const parts = [...Map.groupBy(family.samples.filter(isBad), ({ name }) => name)].map(
    ([name, samples]): PageFamily => ({ ...family, name, of, type: 'untyped', samples }),
  );
  return [{ ...family, samples: family.samples.filter((sample) => !isBad(sample)) }, ...parts];
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

function describeHead({ name, type, help = '', unit }: PageFamily, sample: PageSample): Head {
  if (sample.name === `${name}_created` && type !== 'gauge')
    return { name: sample.name, type: 'gauge', declared: undefined, help, unit: undefined };
  // The text format has one name where OpenMetrics has a family and its suffix.
  const hasOwnName = type === 'counter' || type === 'info' || type === 'gaugehistogram';
  const declared = type === 'info' || type === 'stateset' || type === 'gaugehistogram' ? type : undefined;
  return { name: hasOwnName ? sample.name : name, type: plainTypes[type], declared, help, unit };
}

/** OpenMetrics: when the totals of a label set began. */
function collectStarts({ name, type, samples }: PageFamily): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  if (type !== 'counter' && type !== 'histogram' && type !== 'summary') return starts;
  for (const sample of samples)
    if (sample.name === `${name}_created`)
      starts.set(JSON.stringify([...sample.labels]), Math.round(sample.value * 1000));
  return starts;
}

function findStart(sample: PageSample, starts: ReadonlyMap<string, number>): number | undefined {
  if (starts.size === 0 || sample.name.endsWith('_created')) return undefined;
  return starts.get(JSON.stringify([...omitLabel(omitLabel(sample.labels, 'le'), 'quantile')]));
}

/** Where a sample stands on its page. */
interface SampleOrigin {
  readonly family: PageFamily;
  readonly head: Head;
  readonly starts: ReadonlyMap<string, number>;
}

type LabelOptions = Pick<RelayOptions, 'config' | 'target' | 'relabel'>;

/** Whether relabelling leaves a sample of the metric `family` over: what it drops counts in no limit. */
export function isKeptByRelabelling(sample: PageSample, family: string, options: LabelOptions): boolean {
  const metric = Object.hasOwn(options.config.rename, family) ? family : sample.name;
  return buildLabels(sample, renameSample(sample.name, metric, options.config), options) !== undefined;
}

/** All labels of a series, its name among them; undefined for one that is dropped. */
function buildLabels(
  sample: PageSample,
  name: string,
  { config, target, relabel }: LabelOptions,
): ReadonlyMap<string, string> | undefined {
  const own = { ...sample, labels: convertLabels(sample.labels, config) };
  const all = addTargetLabels(own, target, config.honorLabels);
  return relabel(all.set('__name__', name));
}

function relaySample(
  sample: PageSample,
  { family, head: given, starts }: SampleOrigin,
  options: RelayOptions,
): { readonly head: Head; readonly sample: RelayedSample } | undefined {
  const { config } = options;
  const own = family.of ?? family.name;
  const metric = Object.hasOwn(config.rename, own) ? own : given.name;
  const head = { ...given, name: renameSample(given.name, metric, config) };
  const nameBefore = renameSample(sample.name, metric, config);
  const labels = buildLabels(sample, nameBefore, options);
  const name = labels?.get('__name__');
  if (labels === undefined || name === undefined) return undefined;
  const shown = selectPublicLabels(labels);
  assertLabelLimits(name, shown, config);
  return {
    head: name === nameBefore ? head : { ...head, name, type: chooseLoneType(head.type) },
    sample: { name, labels: shown, value: sample.value, ...buildExtras(sample, starts, config) },
  };
}

/** What a sample may have besides a value. */
function buildExtras(
  sample: PageSample,
  starts: ReadonlyMap<string, number>,
  { honorTimestamps }: PrometheusConfig,
): Pick<RelayedSample, 'timestampMs' | 'startMs' | 'exemplar'> {
  const startMs = findStart(sample, starts);
  const isDated = honorTimestamps && sample.timestampMs !== undefined;
  return {
    ...(isDated ? { timestampMs: sample.timestampMs } : {}),
    ...(startMs === undefined ? {} : { startMs }),
    ...(sample.exemplar === undefined
      ? {}
      : { exemplar: { ...sample.exemplar, labels: Object.fromEntries(sample.exemplar.labels) } }),
  };
}

/** `metric` is the name by which the operator knows what the name belongs to. */
function renameSample(name: string, metric: string, config: PrometheusConfig): string {
  const to = Object.hasOwn(config.rename, metric) ? config.rename[metric] : undefined;
  return convertName(to === undefined || !name.startsWith(metric) ? name : `${to}${name.slice(metric.length)}`, config);
}

/** A rule that renames one series takes it out of its family; a bucket alone is no histogram. */
function chooseLoneType(type: RelayedType): RelayedType {
  return type === 'histogram' || type === 'summary' ? 'untyped' : type;
}

/** The scheme `underscores` of Prometheus 3, for servers that send UTF-8 names without being asked. */
function convertName(name: string, { utf8Names }: PrometheusConfig): string {
  if (utf8Names === 'keep' || /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) return name;
  return Array.from(name, (char, index) =>
    /[a-zA-Z_:]/.test(char) || (index > 0 && /[0-9]/.test(char)) ? char : '_',
  ).join('');
}

function convertLabels(labels: PageLabels, config: PrometheusConfig): PageLabels {
  const isLegacy =
    config.utf8Names === 'keep' || [...labels.keys()].every((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
  if (isLegacy) return labels;
  return new Map([...labels].map(([name, value]) => [convertName(name, config).replaceAll(':', '_'), value]));
}

/** The name of a series counts as a label, as in Prometheus. */
function assertLabelLimits(metric: string, labels: Labels, { limits }: PrometheusConfig): void {
  const { labels: most, labelValueLength: longest } = limits;
  if (most > 0 && Object.keys(labels).length + 1 > most)
    throw new LimitError(`a series of ${quoteText(metric)} has more than ${String(most)} labels (limits.labels)`);
  if (longest === 0) return;
  for (const [name, value] of Object.entries({ __name__: metric, ...labels }))
    if (value.length > longest)
      throw new LimitError(
        `a value of the label ${name} of ${quoteText(metric)} is longer than ${String(longest)} characters (limits.labelValueLength)`,
      );
}

/** Without those that relabelling uses for itself; sorted, as pages and receivers want them. */
function selectPublicLabels(labels: PageLabels): Labels {
  const names = [...labels.keys()].filter((name) => !name.startsWith('__') && labels.get(name) !== '').sort();
  return Object.fromEntries(names.map((name) => [name, labels.get(name) ?? '']));
}
