import * as z from 'zod';
import { shortHash } from '../../../counters/hash.ts';
import { greatest } from '../../../model/extremes.ts';
import type { Labels } from '../../../model/metric.ts';
import type { RelayedFamily, RelayedSample } from '../../../model/relayed.ts';
import type { Page, PageFamily, PageSample } from '../../../prometheus-text/page.ts';

const Values = z.record(z.string(), z.number());
type Values = Readonly<Record<string, number>>;

/** Last values of each replica and the totals over all of them, by series; what makes sums survive a restart of one. */
export const ControllerMemory = z.object({
  replicas: z.record(z.string(), z.object({ startSeconds: z.number().optional(), values: Values })),
  totals: Values,
});
export type ControllerMemory = z.infer<typeof ControllerMemory>;
type Last = ControllerMemory['replicas'][string];

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
}

export interface Combined {
  readonly families: readonly RelayedFamily[];
  readonly memory: ControllerMemory;
}

/**
 * One page out of those of all replicas. Each replica computes gauges from a full cache, so the greatest counts; counters
 * and histograms cover what a replica did itself, so their increases are summed.
 */
export function combine(pages: readonly ReplicaPage[], options: CombineOptions): Combined {
  const series = new Map<string, Collected>();
  for (const { id, page } of pages) {
    for (const family of withoutTwins(page.families)) collectFamily(family, id, series, options.labels);
  }
  const memory = remembered(pages, series, options);
  const families = new Map<string, { readonly family: PageFamily; readonly samples: RelayedSample[] }>();
  for (const [key, { family, sample, isSum, values }] of series) {
    if (isSum && !options.hasMemory) continue;
    const value = isSum ? (memory.totals[key] ?? 0) : (greatest(values.values()) ?? 0);
    const known = families.get(family.name) ?? { family, samples: [] };
    families.set(family.name, known);
    known.samples.push({ ...sample, value });
  }
  return { families: [...families.values()].map(relayedFamily), memory };
}

interface Collected {
  readonly family: PageFamily;
  readonly sample: Omit<RelayedSample, 'value'>;
  readonly isSum: boolean;
  /** By replica. */
  readonly values: Map<string, number>;
}

function collectFamily(family: PageFamily, replica: string, series: Map<string, Collected>, extra: Labels): void {
  const samples = family.type === 'gauge' ? withoutTotal(family.samples) : family.samples;
  for (const sample of samples) {
    // Quantiles of several replicas make no quantile.
    if (sample.labels.has('quantile')) continue;
    const labels = publicLabels(sample, extra);
    const key = shortHash(`${sample.name} ${JSON.stringify(labels)}`);
    const isSum = isRunning(family, sample);
    const known = series.get(key) ?? {
      family,
      sample: { name: sample.name, labels },
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
function publicLabels({ labels }: PageSample, extra: Labels): Labels {
  const own = [...labels].filter(([name]) => !name.startsWith('otel_scope_'));
  return Object.fromEntries([...own, ...Object.entries(extra)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** With a level set, Tekton writes the total beside its parts, and a sum over the metric would count all twice. */
function withoutTotal(samples: readonly PageSample[]): readonly PageSample[] {
  const isPart = ({ labels }: PageSample): boolean => labels.has('namespace') || labels.has('pipeline');
  const parts = samples.filter(isPart);
  return parts.length > 0 ? parts : samples;
}

/** v0.59 to v1.2 write deprecated names beside the new ones: `x_count` beside `x_total` or `x`. */
function withoutTwins(families: readonly PageFamily[]): readonly PageFamily[] {
  const names = new Set(families.map(({ name }) => name));
  return families.filter(({ name }) => {
    if (name === 'target_info' || name === 'target') return false;
    const base = /^(.+)_count$/.exec(name)?.[1];
    return base === undefined || !(names.has(base) || names.has(`${base}_total`));
  });
}

function remembered(
  pages: readonly ReplicaPage[],
  series: ReadonlyMap<string, Collected>,
  { before, unread, maxTotals }: CombineOptions,
): ControllerMemory {
  const totals = new Map(Object.entries(before?.totals ?? {}));
  const replicas = new Map(Object.entries(before?.replicas ?? {}).filter(([id]) => unread.includes(id)));
  for (const { id, startSeconds } of pages) {
    const values = sumsOf(id, series);
    const counted = countedOf({ startSeconds, values }, before?.replicas[id]);
    for (const [key, value] of Object.entries(values)) {
      totals.set(key, (totals.get(key) ?? 0) + value - (counted[key] ?? 0));
    }
    // Last of all: where there is room for the latest ones only, they are these.
    replicas.delete(id);
    replicas.set(id, { startSeconds, values });
  }
  forgetTotals(totals, series, maxTotals);
  return { replicas: Object.fromEntries(replicas), totals: Object.fromEntries(totals) };
}

/** What of a replica is in the totals already: nothing of a process that has begun since. */
function countedOf(now: Last, last: Last | undefined): Values {
  if (last === undefined) return {};
  const hasRestarted =
    now.startSeconds !== undefined && last.startSeconds !== undefined
      ? now.startSeconds !== last.startSeconds
      : Object.entries(now.values).some(([key, value]) => value < (last.values[key] ?? 0));
  return hasRestarted ? {} : last.values;
}

/** A series that nobody has may come back after a restart; there is room for as many as a page may have. */
function forgetTotals(totals: Map<string, number>, series: ReadonlyMap<string, Collected>, most: number): void {
  for (const key of totals.keys()) {
    if (totals.size <= most) return;
    if (!series.has(key)) totals.delete(key);
  }
}

function sumsOf(replica: string, series: ReadonlyMap<string, Collected>): Values {
  const sums: Record<string, number> = {};
  for (const [key, { isSum, values }] of series) {
    const value = values.get(replica);
    if (isSum && value !== undefined && Number.isFinite(value)) sums[key] = value;
  }
  return sums;
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

function relayedFamily({
  family: { name, type, help = '' },
  samples,
}: {
  readonly family: PageFamily;
  readonly samples: readonly RelayedSample[];
}): RelayedFamily {
  return { name, type: relayedTypes[type], help, about: 'target', samples };
}
