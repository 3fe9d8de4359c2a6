/** Turns a batch into points, metric by metric. */
import type { Matcher } from '../../../../config/glob.ts';
import type { Batch } from '../../../../model/batch.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../../../model/metric.ts';
import { compareText } from '../../../../model/families/order.ts';
import { publishable, type RelayedExemplar, type RelayedFamily } from '../../../../model/relayed.ts';
import { compareSets } from '../../../../series/label-set.ts';
import { attributeSets } from './attributes.ts';
import { collectionDuration } from '../naming/buildkite-names.ts';
import type { Omission as OmissionOf } from '../../../../series/omissions.ts';
import type { CollectionDurations } from './collection-durations.ts';
import { type Flaw, kindOf, type PointSettings, putFamily } from './family-points.ts';
import { isWritableTime } from '../message.ts';
import { isAddedUp, type NamedPoints, type Point, type PointMetric } from './point.ts';
import { metricsOfRelayed, type RelayedMetric } from './relayed-points.ts';
import type { Tell, Telling } from '../naming/metric-mapping.ts';

/** Points that are left out, by metric. */
export interface Omission extends OmissionOf<Flaw> {
  /** Those among them that a receiver of increases would have added up. */
  readonly increases: number;
}

/** What a batch looks like to a receiver. */
export interface PointsOfBatch {
  /**
   * Name by name, in order; to be walked once. The points of a name are made when it is its turn: all of them at once
   * would be more memory than everything else in a run.
   */
  readonly names: Iterable<NamedPoints>;
  /** What was left out of the names walked so far. */
  readonly omissions: () => readonly Omission[];
  readonly omit: (flaw: Flaw, point: Point) => void;
}

export interface BatchSettings extends PointSettings {
  /** Added to every point that has no attribute of that name. */
  readonly attributes: Labels;
  /** By the name in the metric catalogue, or on the page that a metric was read from. */
  readonly selects: Matcher;
  readonly tell: Tell;
  /** Most that a receiver takes of one point; undefined where it has no limit. */
  readonly maxAttributes: number | undefined;
  readonly intervalMs: number;
  readonly compat: boolean;
}

/** The levels, and what a receiver of increases adds up: those must not share a request, for only levels may be sent twice. */
export type Reading = 'levels' | 'increases' | 'all';

export function pointsOf(
  batch: Batch,
  settings: BatchSettings,
  durations: CollectionDurations,
  reading: Reading,
): PointsOfBatch {
  const { omissions, omit } = tallyOfOmissions();
  const byName = [...Map.groupBy(toldIn(batch, settings, durations), ({ metric }) => metric.name)]
    .filter(([, [first]]) => isRead(first, reading, settings))
    .sort(([a], [b]) => compareText(a, b));
  function* named(): Generator<NamedPoints> {
    for (const [name, producers] of byName) {
      const series = inOrder(pointsUnder(producers, settings, omit), (duplicate) => {
        omit('duplicate', name, [duplicate], settings);
      });
      if (series.length > 0) yield { name, series };
    }
  }
  return {
    names: named(),
    omissions,
    omit: (flaw, point) => {
      omit(flaw, point.family.name, [point], settings);
    },
  };
}

/** The first of those that share a name decides: the others of another kind are left out wherever it is told. */
function isRead(first: Producer | undefined, reading: Reading, { temporality }: PointSettings): boolean {
  if (first === undefined || reading === 'all') return first !== undefined;
  return isAddedUp(first.metric, temporality) === (reading === 'increases');
}

/** Takes a point of the metric that shares its name with those of other producers. */
type Take = (point: Point) => void;

/** Makes the points that one family has under one name. */
interface Producer {
  /** As an operator knows it. */
  readonly known: string;
  readonly metric: PointMetric;
  /** `metric`: that of the first who shares the name. */
  readonly produce: (metric: PointMetric, take: Take, omit: (flaw: Flaw, count?: number) => void) => void;
}

type OmitPoints = (
  flaw: Flaw,
  metric: string,
  points: readonly Pick<Point, 'family'>[],
  settings: PointSettings,
) => void;

function pointsUnder(producers: readonly Producer[], settings: BatchSettings, omit: OmitPoints): readonly Point[] {
  const points: Point[] = [];
  const [first] = producers;
  if (first === undefined) return points;
  const { maxAttributes = Infinity } = settings;
  for (const { known, metric, produce } of producers) {
    const omitSome = (flaw: Flaw, count = 1): void => {
      omit(flaw, known, new Array<Pick<Point, 'family'>>(count).fill({ family: metric }), settings);
    };
    const isAlike = metric.kind === first.metric.kind && metric.resource === first.metric.resource;
    const take: Take = (point) => {
      // Two kinds under one name would be two metrics with one identity (OTLP data model, "Single-Writer").
      if (!isAlike) omitSome('other-kind');
      else if (point.labels.length / 2 > maxAttributes) omitSome('attributes');
      else points.push(point);
    };
    produce(first.metric, take, omitSome);
  }
  return points;
}

function* toldIn(batch: Batch, settings: BatchSettings, durations: CollectionDurations): Generator<Producer> {
  for (const family of familiesOf(batch, settings)) {
    if (!settings.selects(family.definition.name)) continue;
    for (const telling of settings.tell(family.definition)) yield producerOf(family, telling, batch, settings);
  }
  for (const family of relayedOf(batch, settings)) {
    if (!settings.selects(family.name)) continue;
    for (const metric of metricsOfRelayed(family)) yield relayedProducer(family, metric, settings);
  }
  if (settings.compat && durations.observations.length > 0 && settings.selects(collectionDuration))
    yield durationProducer(durations, batch, settings);
}

function producerOf(family: MetricFamily, telling: Telling, batch: Batch, settings: BatchSettings): Producer {
  const { definition } = family;
  const { attributesOf } = telling;
  const sets = attributeSets(settings.attributes);
  const metric: PointMetric = {
    name: telling.name,
    description: definition.help,
    unit: telling.unit,
    kind: telling.kind ?? kindOf(family, settings),
    numbers: numbersOf(definition),
    resource: telling.resource ?? 'collector',
  };
  const startOf = startsFor(metric, batch, settings);
  const produce: Producer['produce'] = (shared, take, omit) => {
    putFamily(
      family,
      settings,
      (labels, value, startMs, exemplars) => {
        const told = attributesOf === undefined ? labels : attributesOf(labels);
        if (told === undefined) return;
        const point = { labels: sets(told), family: shared, startMs: startOf(startMs), value, isStale: false };
        take(exemplars === undefined ? point : { ...point, exemplars });
      },
      omit,
    );
  };
  return { known: definition.name, metric, produce };
}

/** An increase began with the interval of its tick; a level that may fall counts from the moment it was read. */
function startsFor(
  metric: PointMetric,
  { tickMs, collectedAtMs }: Batch,
  { temporality, intervalMs }: BatchSettings,
): (startMs: number | undefined) => number | undefined {
  if (metric.kind === 'up-down') return () => collectedAtMs;
  return isAddedUp(metric, temporality) ? () => tickMs - intervalMs : (startMs) => startMs;
}

/** Whole numbers, so that a receiver with types never sees two of them in one metric. */
function numbersOf({ unit, reduced }: MetricDefinition): PointMetric['numbers'] {
  return (unit === 'count' || unit === 'bytes') && reduced !== true ? 'int' : 'double';
}

function relayedProducer(
  family: RelayedFamily,
  { name, kind, points }: RelayedMetric,
  settings: BatchSettings,
): Producer {
  const sets = attributeSets(settings.attributes);
  const metric: PointMetric = {
    name,
    description: family.help,
    unit: '',
    kind,
    numbers: 'double',
    resource: 'collector',
  };
  const produce: Producer['produce'] = (shared, take, omit) => {
    const made = points();
    if (made.unsound > 0) omit('histogram', made.unsound);
    for (const point of made.points) {
      const { labels, value, startMs, timestampMs, exemplars = [] } = point;
      if (timestampMs !== undefined && !isWritableTime(timestampMs)) {
        omit('time');
        continue;
      }
      const isStartKnown = startMs !== undefined && isWritableTime(startMs);
      take({
        ...{ labels: sets(labels), family: shared, value, isStale: false },
        startMs: isStartKnown ? startMs : undefined,
        ...(timestampMs === undefined ? {} : { timestampMs }),
        ...(settings.exemplars === 'send' ? { exemplars: exemplars.filter(isWritableExemplar) } : {}),
      });
    }
  };
  return { known: family.name, metric, produce };
}

function isWritableExemplar({ timestampMs = 0 }: RelayedExemplar): boolean {
  return isWritableTime(timestampMs);
}

function durationProducer(
  { observations, total }: CollectionDurations,
  batch: Batch,
  settings: BatchSettings,
): Producer {
  const family: MetricFamily = {
    type: 'distribution',
    definition: collectionDurationMetric,
    samples: [{ labels: {}, observations, total }],
  };
  return producerOf(family, { name: collectionDuration, unit: 's', resource: 'buildkite' }, batch, settings);
}

const collectionDurationMetric: MetricDefinition<'distribution'> = {
  name: collectionDuration,
  help: 'How long a collection from Buildkite took.',
  type: 'distribution',
  unit: 'seconds',
  labels: [],
  combination: 'sum',
  cloudWatch: {
    namespace: 'collector',
    name: 'CollectionDuration',
    unit: 'Seconds',
    dimensionSets: [],
    statistic: 'p95',
  },
};

/**
 * Nothing is known of a failed source, so its values must not look live. What was reduced for sinks that add up is sent
 * where the series themselves are not.
 */
function familiesOf({ parts, health }: Batch, { temporality }: PointSettings): readonly MetricFamily[] {
  const read = parts.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families);
  const isSent = ({ definition }: MetricFamily): boolean => temporality === 'delta' || definition.reduced !== true;
  return [...read.filter(isSent), ...health];
}

/** A page tells running totals only. */
function relayedOf({ parts }: Batch, { temporality }: PointSettings): readonly RelayedFamily[] {
  return temporality === 'delta' ? [] : parts.flatMap(({ status, relayed = [] }) => publishable(status, relayed));
}

/** Sorted, each series once at any time. Samples in canonical order are in order already, so nothing is copied then. */
function inOrder(points: readonly Point[], omit: (duplicate: Point) => void): readonly Point[] {
  const isAscending = points.every((one, index) => {
    const before = points[index - 1];
    return before === undefined || comparePoints(before, one) < 0;
  });
  if (isAscending) return points;
  let before: Point | undefined;
  return points.toSorted(comparePoints).filter((one) => {
    const isRepeated = before !== undefined && comparePoints(before, one) === 0;
    if (isRepeated) omit(one);
    else before = one;
    return !isRepeated;
  });
}

function comparePoints(a: Point, b: Point): number {
  return compareSets(a.labels, b.labels) || (a.timestampMs ?? Infinity) - (b.timestampMs ?? Infinity) || 0;
}

interface OmissionTally {
  readonly omit: OmitPoints;
  readonly omissions: () => readonly Omission[];
}

function tallyOfOmissions(): OmissionTally {
  const byReason = new Map<string, Omission>();
  return {
    omit: (flaw, metric, points, { temporality }) => {
      const key = `${flaw} ${metric}`;
      const known = byReason.get(key) ?? { flaw, metric, samples: 0, increases: 0 };
      const increases = points.filter(({ family }) => isAddedUp(family, temporality)).length;
      byReason.set(key, {
        ...{ flaw, metric },
        samples: known.samples + points.length,
        increases: known.increases + increases,
      });
    },
    omissions: () => [...byReason.values()],
  };
}
