/** One metrics page out of those of all replicas of Tekton's controller. */
import { hashKey } from '../../../counters/tick/hash.ts';
import { findGreatest } from '../../../model/lists/extremes.ts';
import type { Labels } from '../../../model/metric.ts';
import type { RelayedFamily, RelayedSample } from '../../../model/relayed.ts';
import type { Page, PageFamily, PageSample } from '../../../prometheus-text/page.ts';
import { type ControllerMemory, type Known, deriveMemory, type Shown } from './remembered.ts';

export interface ReplicaPage {
  readonly id: string;
  readonly page: Page;
  /** When its process began, where it says so. Unix seconds. */
  readonly startSeconds?: number | undefined;
}

export interface CombineOptions {
  /** Labels that every series gets. */
  readonly labels: Labels;
  /** What the last collection left; undefined at the first, and where nothing is remembered. */
  readonly before: ControllerMemory | undefined;
  /** Without memory no sum can be told from a restart, and only gauges are passed on. */
  readonly hasMemory: boolean;
  /** Replicas that exist but could not be read keep their last values. */
  readonly unread: readonly string[];
  /** Totals to remember, of series that are gone too. */
  readonly maxTotals: number;
  /** Which families are passed on; what was remembered before the settings changed may be another one. */
  readonly keep: (family: string) => boolean;
}

export interface Combined {
  readonly families: readonly RelayedFamily[];
  readonly memory: ControllerMemory;
  /** Totals that no replica shows and for which there was no room any more. */
  readonly forgotten: number;
}

/**
 * One page out of those of all replicas. Each replica computes gauges from a full cache, so the greatest counts; counters
 * and histograms cover what a replica did itself, so their increases are summed. A total that no replica shows at the
 * moment, because its process has ended and the next one has not met these labels, stands where it stood.
 */
export function combine(pages: readonly ReplicaPage[], options: CombineOptions): Combined {
  const series = new Map<string, Collected>();
  for (const { id, page } of pages) {
    for (const family of dropTwins(page.families)) collectFamily(family, id, series, options.labels);
  }
  const { memory, forgotten } = deriveMemory(pages, series, options);
  const families = new Map<string, Assembled>();
  for (const [key, { isSum, values, ...known }] of series) {
    if (isSum && !options.hasMemory) continue;
    addSample(families, known, isSum ? (memory.totals[key] ?? 0) : (findGreatest(values.values()) ?? 0));
  }
  for (const [known, total] of findHidden(memory, series, options)) addSample(families, known, total);
  return { families: [...families.values()].map(mapRelayedFamily), memory, forgotten };
}

interface Assembled {
  readonly family: Known['family'];
  readonly samples: RelayedSample[];
}

function addSample(families: Map<string, Assembled>, { family, sample }: Known, value: number): void {
  // Samples that do not fit the type of their metric stand in an untyped one of the same name.
  const kind = `${family.type} ${family.name}`;
  const known = families.get(kind) ?? { family, samples: [] };
  families.set(kind, known);
  known.samples.push({ ...sample, value });
}

/** What is remembered and on no page. */
function findHidden(
  { totals, series, families }: ControllerMemory,
  shown: ReadonlyMap<string, Collected>,
  { keep, labels: extra }: CombineOptions,
): readonly (readonly [Known, number])[] {
  const whole = new Set([...shown.values()].map(identifyDistribution));
  const names = new Set([...shown.values()].map(({ family }) => family.name));
  return Object.entries(totals).flatMap(([key, total]) => {
    const known = series[key];
    const family = known === undefined ? undefined : families[known.family];
    if (known === undefined || family === undefined || shown.has(key)) return [];
    // The settings or the release may have changed since.
    if (!keep(known.family) || isTwin(known.family, names)) return [];
    const labels = sortLabels({ ...known.labels, ...extra });
    const entry = { family: { name: known.family, ...family }, sample: { name: known.name, labels } };
    // Another release may have other bounds, and buckets of two kinds do not add up.
    return whole.has(identifyDistribution(entry)) ? [] : [[entry, total] as const];
  });
}

/** The histogram that a series is a part of; for every other series, itself. */
function identifyDistribution({ family, sample: { name, labels } }: Known): string {
  const own = Object.entries(labels).filter(([label]) => label !== 'le');
  return JSON.stringify([family.type === 'histogram' ? family.name : name, own]);
}

interface Collected extends Shown {
  readonly values: Map<string, number>;
}

function collectFamily(family: PageFamily, replica: string, series: Map<string, Collected>, extra: Labels): void {
  const samples = family.type === 'gauge' ? dropTotal(family.samples) : family.samples;
  for (const sample of samples) {
    // Quantiles of several replicas make no quantile.
    if (sample.labels.has('quantile')) continue;
    const labels = sortLabels({ ...pickOwnLabels(sample), ...extra });
    const key = hashKey(`${sample.name} ${JSON.stringify(labels)}`);
    const isSum = isRunning(family, sample);
    const known = series.get(key) ?? {
      family: { name: family.name, type: relayedTypes[family.type], help: family.help ?? '' },
      sample: { name: sample.name, labels },
      own: pickOwnLabels(sample),
      isSum,
      values: new Map<string, number>(),
    };
    series.set(key, known);
    const before = known.values.get(replica);
    // Scopes of OpenTelemetry that are stripped may leave two lines of one series.
    const merged = isSum ? (before ?? 0) + sample.value : Math.max(before ?? -Infinity, sample.value);
    known.values.set(replica, merged);
  }
}

const runningSuffix = /_(total|count|sum|bucket)$/;

/** Old releases leave some types out; then the name tells. */
function isRunning({ type }: PageFamily, { name }: PageSample): boolean {
  if (type === 'gauge') return false;
  return type === 'counter' || type === 'histogram' || type === 'summary' || runningSuffix.test(name);
}

/** The OpenTelemetry exporter puts its scope on every line (Tekton v1.10 and later). */
function pickOwnLabels({ labels }: PageSample): Labels {
  return Object.fromEntries([...labels].filter(([name]) => !name.startsWith('otel_scope_')));
}

function sortLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** With a level set, Tekton writes the total beside its parts, and a sum over the metric would count all twice. */
function dropTotal(samples: readonly PageSample[]): readonly PageSample[] {
  const isPart = ({ labels }: PageSample): boolean => labels.has('namespace') || labels.has('pipeline');
  const parts = samples.filter(isPart);
  return parts.length > 0 ? parts : samples;
}

/** v0.59 to v1.2 write deprecated names beside the new ones: `x_count` beside `x_total` or `x`. */
function dropTwins(families: readonly PageFamily[]): readonly PageFamily[] {
  const names = new Set(families.map(({ name }) => name));
  return families.filter(({ name }) => name !== 'target_info' && name !== 'target' && !isTwin(name, names));
}

function isTwin(name: string, names: ReadonlySet<string>): boolean {
  const base = /^(.+)_count$/.exec(name)?.[1];
  return base !== undefined && (names.has(base) || names.has(`${base}_total`));
}

const relayedTypes = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'untyped',
  summary: 'summary',
  info: 'gauge',
  stateset: 'gauge',
  untyped: 'untyped',
  unknown: 'untyped',
} as const;

function mapRelayedFamily({ family, samples }: Assembled): RelayedFamily {
  return { ...family, about: 'target', samples };
}
