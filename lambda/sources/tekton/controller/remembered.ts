/** What is kept of the controller's sums from one collection to the next. */
import * as z from 'zod';
import { defineMapping } from '../../../counters/state/mapping.ts';
import type { RelayedFamily, RelayedSample } from '../../../model/relayed.ts';

const Values = defineMapping(z.number());
type Values = Readonly<Record<string, number>>;

/** Last values of each replica and the totals over all of them, by series; what makes sums survive a restart of one. */
export const ControllerMemory = z.object({
  replicas: defineMapping(z.object({ startSeconds: z.number().optional(), values: Values })),
  totals: Values,
  /** What the totals are of, so that they can be told while no replica shows them. */
  series: defineMapping(z.object({ family: z.string(), name: z.string(), labels: defineMapping(z.string()) })).default(
    {},
  ),
  families: z
    .record(
      z.string(),
      z.object({ type: z.enum(['counter', 'gauge', 'histogram', 'summary', 'untyped']), help: z.string() }),
    )
    .default({}),
});
export type ControllerMemory = z.infer<typeof ControllerMemory>;
type Last = ControllerMemory['replicas'][string];

/** A series with the family that it belongs to. */
export interface Known {
  readonly family: Pick<RelayedFamily, 'name' | 'type' | 'help'>;
  readonly sample: Omit<RelayedSample, 'value'>;
}

/** A series as the pages of this collection show it. */
export interface Shown extends Known {
  readonly isSum: boolean;
  /** Without the labels that every series gets. */
  readonly own: RelayedSample['labels'];
  /** By replica. */
  readonly values: ReadonlyMap<string, number>;
}

interface Replica {
  readonly id: string;
  readonly startSeconds?: number | undefined;
}

export interface RememberOptions {
  readonly before: ControllerMemory | undefined;
  /** Replicas that exist but could not be read keep their last values. */
  readonly unread: readonly string[];
  readonly maxTotals: number;
}

/** What to remember after this collection, and how many totals had no room in it. */
export function deriveMemory(
  replicas: readonly Replica[],
  shown: ReadonlyMap<string, Shown>,
  { before, unread, maxTotals }: RememberOptions,
): { readonly memory: ControllerMemory; readonly forgotten: number } {
  const totals = new Map(Object.entries(before?.totals ?? {}));
  const last = new Map(Object.entries(before?.replicas ?? {}).filter(([id]) => unread.includes(id)));
  for (const { id, startSeconds } of replicas) {
    const values = collectSums(id, shown);
    const counted = findCounted({ startSeconds, values }, before?.replicas[id]);
    for (const [key, value] of Object.entries(values)) {
      totals.set(key, (totals.get(key) ?? 0) + value - (counted[key] ?? 0));
    }
    // Last of all: where there is room for the latest ones only, they are these.
    last.delete(id);
    last.set(id, { startSeconds, values });
  }
  const forgotten = forgetTotals(totals, shown, maxTotals);
  const memory = { replicas: Object.fromEntries(last), totals: Object.fromEntries(totals) };
  return { memory: { ...memory, ...describeTotals(totals, shown, before) }, forgotten };
}

/** What of a replica is in the totals already: nothing of a process that has begun since. */
function findCounted(now: Last, last: Last | undefined): Values {
  if (last === undefined) return {};
  const hasRestarted =
    now.startSeconds !== undefined && last.startSeconds !== undefined
      ? now.startSeconds !== last.startSeconds
      : Object.entries(now.values).some(([key, value]) => value < (last.values[key] ?? 0));
  return hasRestarted ? {} : last.values;
}

/** There is room for as many as a page may have; what no page shows goes first, and of that the oldest. */
function forgetTotals(totals: Map<string, number>, shown: ReadonlyMap<string, Shown>, most: number): number {
  let forgotten = 0;
  for (const key of totals.keys()) {
    if (totals.size <= most) break;
    if (!shown.has(key) && totals.delete(key)) forgotten += 1;
  }
  return forgotten;
}

function describeTotals(
  totals: ReadonlyMap<string, number>,
  shown: ReadonlyMap<string, Shown>,
  before: ControllerMemory | undefined,
): Pick<ControllerMemory, 'series' | 'families'> {
  const series: ControllerMemory['series'] = {};
  const families: ControllerMemory['families'] = {};
  for (const key of totals.keys()) {
    const known = describeShown(shown.get(key)) ?? recallDescription(key, before);
    if (known === undefined) continue;
    series[key] = known.series;
    families[known.series.family] = known.family;
  }
  return { series, families };
}

interface Description {
  readonly series: ControllerMemory['series'][string];
  readonly family: ControllerMemory['families'][string];
}

function describeShown(shown: Shown | undefined): Description | undefined {
  if (shown === undefined) return undefined;
  const { family, sample, own } = shown;
  return {
    series: { family: family.name, name: sample.name, labels: own },
    family: { type: family.type, help: family.help },
  };
}

function recallDescription(key: string, before: ControllerMemory | undefined): Description | undefined {
  const series = before?.series[key];
  const family = series === undefined ? undefined : before?.families[series.family];
  return series === undefined || family === undefined ? undefined : { series, family };
}

function collectSums(replica: string, shown: ReadonlyMap<string, Shown>): Values {
  const sums: Record<string, number> = {};
  for (const [key, { isSum, values }] of shown) {
    const value = values.get(replica);
    if (isSum && value !== undefined && Number.isFinite(value)) sums[key] = value;
  }
  return sums;
}
