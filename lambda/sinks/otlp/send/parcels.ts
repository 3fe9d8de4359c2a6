/** Packs increases that wait for a later run, and reads them back: another version may have written them. */
import * as z from 'zod';
import type { Parcel } from '../../sink.ts';
import { isAddedUp, type Point, type PointMetric } from '../encode/points/point.ts';

const Numbers = z.array(z.number());
const Extremes = { min: z.number().optional(), max: z.number().optional() };
const Buckets = z.object({ offset: z.int(), counts: Numbers });

const Value = z.discriminatedUnion('type', [
  z.object({ type: z.literal('number'), value: z.number() }),
  z.object({ type: z.literal('histogram'), bounds: Numbers, counts: Numbers, sum: z.number().optional(), ...Extremes }),
  z.object({
    type: z.literal('exponential'),
    scale: z.int(),
    zeroCount: z.number(),
    positive: Buckets,
    negative: Buckets,
    count: z.number(),
    sum: z.number(),
    ...Extremes,
  }),
]);

const Metric = z.object({
  name: z.string(),
  description: z.string(),
  unit: z.string(),
  kind: z.enum(['counter', 'histogram', 'exponential']),
  numbers: z.enum(['int', 'double']),
  resource: z.enum(['collector', 'buildkite']),
});

/** Points of one metric, so that what they have in common stands once. */
const Content = z.array(
  z.object({
    metric: Metric,
    points: z.array(z.object({ labels: z.array(z.string()), startMs: z.number(), value: Value })),
  }),
);

/** Points by the time at which they happened; levels are not among them. */
export function packPoints(points: readonly Point[], tickMs: number): readonly Parcel[] {
  const increases = points.filter(({ family }) => isAddedUp(family, 'delta'));
  const byTime = Map.groupBy(increases, ({ timestampMs = tickMs }) => timestampMs);
  return [...byTime].map(([timeMs, group]) => ({ tickMs: timeMs, samples: group.length, content: packContent(group) }));
}

function packContent(points: readonly Point[]): unknown {
  const byMetric = Map.groupBy(points, ({ family }) => family);
  return [...byMetric].map(([metric, own]) => ({
    metric,
    points: own.map(({ labels, startMs, value }) => ({ labels, startMs, value })),
  }));
}

/** What a parcel holds, with its own time; undefined for one of an unknown shape. */
export function unpackPoints({ tickMs, content }: Parcel): readonly Point[] | undefined {
  const { success, data } = Content.safeParse(content);
  if (!success) return undefined;
  return data.flatMap(({ metric, points }) =>
    points.map((point): Point => ({
      ...point,
      value: omitGaps(point.value),
      family: metric,
      timestampMs: tickMs,
      isStale: false,
    })),
  );
}

type Parsed = z.infer<typeof Value>;

/** A value that was not written is absent, and not there without a value. */
function omitGaps(value: Parsed): Point['value'] {
  if (value.type === 'number') return value;
  const { min, max, ...rest } = value;
  const extremes = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  if (rest.type === 'exponential') return { ...rest, ...extremes };
  const { sum, ...histogram } = rest;
  return { ...histogram, ...(sum === undefined ? {} : { sum }), ...extremes };
}

/** Points of several parcels, those of one metric side by side: a request has each metric once. */
export function sortByMetric(points: readonly Point[]): readonly Point[] {
  const groups = Map.groupBy(points, ({ family }) => formatIdentity(family));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : group.map((point) => ({ ...point, family: first.family }));
  });
}

/** A metric may have been described otherwise by the version that kept it. */
function formatIdentity({ name, kind, resource }: PointMetric): string {
  return JSON.stringify([name, kind, resource]);
}
