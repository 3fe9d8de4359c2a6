/** Makes one point of all that Datadog would keep under one name and one set of tags. */
import type { MetricFamily } from '../../../model/metric.ts';
import type { FindingReason } from './findings.ts';
import type { Point } from './point.ts';
import { isAfter, type MetricNaming, type SeriesName } from './series-names.ts';
import { extractFigures, type Figure } from '../../../series/sent-figures.ts';

/** A family, and what all of its points have in common. */
export interface NamedFamily {
  readonly family: MetricFamily;
  readonly naming: MetricNaming;
  readonly common: Pick<Point, 'kind' | 'timeMs' | 'unit' | 'intervalSeconds'>;
}

/** What is not sent as it was given. */
export interface Notes {
  readonly note: (reason: FindingReason, metric: string, example: Shown) => void;
  /** Notes it, and counts what is added up as lost. */
  readonly lose: (reason: FindingReason, metric: string, example: Shown) => void;
}

type Shown = Pick<Point, 'name' | 'tags' | 'kind'>;

/** A point, and the metric that an operator knows it by. */
export interface OwnedPoint {
  readonly metric: string;
  readonly point: Point;
}

/**
 * The points of families of one name and kind, each series once. Series that stand in order, as nearly all do, differ
 * without having been looked up: a set of 150,000 of them was a third of the time.
 */
export function collectUnited(families: readonly NamedFamily[], notes: Notes): Iterable<OwnedPoint> {
  const owned: OwnedPoint[] = [];
  let before: SeriesName | undefined;
  let isAscending = true;
  for (const named of families)
    for (const figure of extractFigures(named.family)) {
      const { name: metric } = named.family.definition;
      const series = named.naming.makeName(figure.labels);
      const point = buildPoint(series, figure, named, notes);
      if (series === undefined || point === undefined) continue;
      isAscending &&= before === undefined || isAfter(series, before);
      before = series;
      owned.push({ metric, point });
    }
  return isAscending ? owned : mergeEqual(owned, notes);
}

/** With those of the values that are numbers to Datadog; undefined where it can keep nothing of it. */
function buildPoint(
  series: SeriesName | undefined,
  { values: given }: Figure,
  { family, common: { kind, timeMs, unit, intervalSeconds } }: NamedFamily,
  notes: Notes,
): Point | undefined {
  const { name: metric } = family.definition;
  if (series === undefined) {
    notes.lose('name', metric, { kind, name: metric, tags: [] });
    return undefined;
  }
  const { name, tags, isCut } = series;
  const values = given.every(Number.isFinite) ? given : given.filter(Number.isFinite);
  const point = { name, tags, kind, timeMs, values, unit, intervalSeconds };
  if (values.length === 0) {
    notes.lose('number', metric, point);
    return undefined;
  }
  if (values.length < given.length) notes.note('number', metric, point);
  if (isCut) notes.note('cut', metric, point);
  return point;
}

/** Datadog keeps one value for a name, its tags and a time: what meets there is made one before it is sent. */
function mergeEqual(owned: readonly OwnedPoint[], notes: Notes): Iterable<OwnedPoint> {
  const bySeries = new Map<string, OwnedPoint>();
  for (const one of owned) {
    const { metric, point } = one;
    const key = `${point.name} ${point.tags.join(',')}`;
    const taken = bySeries.get(key);
    if (taken === undefined) bySeries.set(key, one);
    else if (point.kind === 'level') notes.note('collision', metric, point);
    else {
      notes.note('merged', metric, point);
      bySeries.set(key, { ...taken, point: addValues(taken.point, point.values) });
    }
  }
  return bySeries.values();
}

function addValues(point: Point, values: readonly number[]): Point {
  const all = [...point.values, ...values];
  return { ...point, values: point.kind === 'increase' ? [all.reduce((sum, value) => sum + value, 0)] : all };
}
