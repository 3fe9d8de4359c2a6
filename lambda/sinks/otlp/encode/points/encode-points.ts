/** Turns a batch into points, metric by metric. */
import type { Matcher } from '../../../../settings/glob.ts';
import type { Batch } from '../../../../model/batch.ts';
import { createWindowFinder, findRunStart } from '../../../../model/for-sinks/increase-windows.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../../../model/metric.ts';
import { compareText } from '../../../../model/families/order.ts';
import { selectPublishable, type RelayedExemplar, type RelayedFamily } from '../../../../model/relayed.ts';
import { compareSets } from '../../../../series/label-set.ts';
import { createAttributeWriter } from './attributes.ts';
import { collectionDuration } from '../naming/buildkite-names.ts';
import type { Omission as OmissionOf } from '../../../../series/losses/omissions.ts';
import type { CollectionDurations } from './collection-durations.ts';
import { type OmissionReason, chooseKind, type PointSettings, putFamily } from './family-points.ts';
import { isWritableTime } from '../message.ts';
import { isAddedUp, type NamedPoints, type Point, type PointMetric } from './point.ts';
import { splitRelayed, type RelayedMetric } from './relayed-points.ts';
import type { MapMetric, MetricMapping } from '../naming/metric-mapping.ts';

/** Points that are left out, by metric. */
export interface Omission extends OmissionOf<OmissionReason> {
  /** Those among them that a receiver of increases would have added up. */
  readonly increases: number;
}

/** The points of a batch, and what was left out. */
export interface PointsOfBatch {
  /**
   * Name by name, in order; to be walked once. The points of a name are made when it is its turn: all of them at once
   * would be more memory than everything else in a run.
   */
  readonly names: Iterable<NamedPoints>;
  /** What was left out of the names walked so far. */
  readonly omissions: () => readonly Omission[];
  /** Leaves out a point that is too large for a request of its own. */
  readonly omitLarge: (point: Point) => void;
}

export interface BatchSettings extends PointSettings {
  /** Added to every point that has no attribute of that name. */
  readonly attributes: Labels;
  /** By the name in the metric catalogue, or on the page that a metric was read from. */
  readonly selects: Matcher;
  readonly mapMetric: MapMetric;
  /** Most that a receiver takes of one point; undefined where it has no limit. */
  readonly maxAttributes: number | undefined;
  readonly intervalMs: number;
  readonly compat: boolean;
}

/** The levels, and what a receiver of increases adds up: those must not share a request, for only levels may be sent twice. */
export type Reading = 'levels' | 'increases' | 'all';

export function encodePoints(
  batch: Batch,
  settings: BatchSettings,
  durations: CollectionDurations,
  reading: Reading,
): PointsOfBatch {
  const { omissions, omit } = tallyOmissions();
  const byName = [...Map.groupBy(generateProducers(batch, settings, durations), ({ metric }) => metric.name)]
    .filter(([, [first]]) => isRead(first, reading, settings))
    .sort(([a], [b]) => compareText(a, b));
  function* generateNames(): Generator<NamedPoints> {
    for (const [name, producers] of byName) {
      const series = sortUnique(producePoints(producers, settings, omit), (duplicate) => {
        omit('duplicate', name, [duplicate], settings);
      });
      if (series.length > 0) yield { name, series };
    }
  }
  return {
    names: generateNames(),
    omissions,
    omitLarge: (point) => {
      omit('size', point.family.name, [point], settings);
    },
  };
}

/** Of several metrics with one name the first decides: those of another kind are left out. */
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
  /** `metric`: of those with this name, the first one. */
  readonly produce: (metric: PointMetric, take: Take, omit: (reason: OmissionReason, count?: number) => void) => void;
}

type OmitPoints = (
  reason: OmissionReason,
  metric: string,
  points: readonly Pick<Point, 'family'>[],
  settings: PointSettings,
) => void;

function producePoints(producers: readonly Producer[], settings: BatchSettings, omit: OmitPoints): readonly Point[] {
  const points: Point[] = [];
  const [first] = producers;
  if (first === undefined) return points;
  const { maxAttributes = Infinity } = settings;
  for (const { known, metric, produce } of producers) {
    const omitSome = (reason: OmissionReason, count = 1): void => {
      omit(reason, known, new Array<Pick<Point, 'family'>>(count).fill({ family: metric }), settings);
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

function* generateProducers(
  batch: Batch,
  settings: BatchSettings,
  durations: CollectionDurations,
): Generator<Producer> {
  const findWindow = createWindowFinder(batch, settings.intervalMs);
  for (const family of selectFamilies(batch, settings)) {
    if (!settings.selects(family.definition.name)) continue;
    const times = { collectedAtMs: batch.collectedAtMs, windowStartMs: findWindow(family) };
    for (const mapping of settings.mapMetric(family.definition)) yield createProducer(family, mapping, times, settings);
  }
  for (const family of selectRelayed(batch, settings)) {
    if (!settings.selects(family.name)) continue;
    for (const metric of splitRelayed(family)) yield createRelayedProducer(family, metric, settings);
  }
  if (settings.compat && durations.observations.length > 0 && settings.selects(collectionDuration))
    yield createDurationProducer(durations, batch, settings);
}

/** Epoch milliseconds. */
interface FamilyTimes {
  readonly collectedAtMs: number;
  /** When its increases began to add up. */
  readonly windowStartMs: number;
}

function createProducer(
  family: MetricFamily,
  mapping: MetricMapping,
  times: FamilyTimes,
  settings: BatchSettings,
): Producer {
  const { definition } = family;
  const { mapLabels } = mapping;
  const writeAttributes = createAttributeWriter(settings.attributes);
  const metric: PointMetric = {
    name: mapping.name,
    description: definition.help,
    unit: mapping.unit,
    kind: mapping.kind ?? chooseKind(family, settings),
    numbers: chooseNumbers(definition),
    resource: mapping.resource ?? 'collector',
  };
  const findStart = createStartFinder(metric, times, settings);
  const produce: Producer['produce'] = (shared, take, omit) => {
    putFamily(
      family,
      settings,
      (labels, value, startMs, exemplars) => {
        const mapped = mapLabels === undefined ? labels : mapLabels(labels);
        if (mapped === undefined) return;
        const point = {
          labels: writeAttributes(mapped),
          family: shared,
          startMs: findStart(startMs),
          value,
          isStale: false,
        };
        take(exemplars === undefined ? point : { ...point, exemplars });
      },
      omit,
    );
  };
  return { known: definition.name, metric, produce };
}

/** Increases begin where those of the run before ended; a level that may fall counts from the moment it was read. */
function createStartFinder(
  metric: PointMetric,
  { collectedAtMs, windowStartMs }: FamilyTimes,
  { temporality }: BatchSettings,
): (startMs: number | undefined) => number | undefined {
  if (metric.kind === 'up-down') return () => collectedAtMs;
  return isAddedUp(metric, temporality) ? () => windowStartMs : keepWritable;
}

/** A start that cannot be written is one that is not known. */
function keepWritable(startMs: number | undefined): number | undefined {
  return startMs !== undefined && isWritableTime(startMs) ? startMs : undefined;
}

/** Whole numbers, so that a receiver with types never sees two of them in one metric. */
function chooseNumbers({ unit, reduced }: MetricDefinition): PointMetric['numbers'] {
  return (unit === 'count' || unit === 'bytes') && reduced !== true ? 'int' : 'double';
}

function createRelayedProducer(
  family: RelayedFamily,
  { name, kind, points }: RelayedMetric,
  settings: BatchSettings,
): Producer {
  const writeAttributes = createAttributeWriter(settings.attributes);
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
      take({
        labels: writeAttributes(labels),
        family: shared,
        value,
        isStale: false,
        startMs: keepWritable(startMs),
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

function createDurationProducer(
  { observations, total }: CollectionDurations,
  batch: Batch,
  settings: BatchSettings,
): Producer {
  const family: MetricFamily = {
    type: 'distribution',
    definition: collectionDurationMetric,
    samples: [{ labels: {}, observations, total }],
  };
  const times = { collectedAtMs: batch.collectedAtMs, windowStartMs: findRunStart(batch, settings.intervalMs) };
  return createProducer(family, { name: collectionDuration, unit: 's', resource: 'buildkite' }, times, settings);
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
 * A failed source gives no values: old ones would look like new ones. What was reduced for sinks that add up is sent
 * where the series themselves are not.
 */
function selectFamilies({ sources, health }: Batch, { temporality }: PointSettings): readonly MetricFamily[] {
  const read = sources.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families);
  const isSent = ({ definition }: MetricFamily): boolean => temporality === 'delta' || definition.reduced !== true;
  return [...read.filter(isSent), ...health];
}

/** A page has running totals only. */
function selectRelayed({ sources }: Batch, { temporality }: PointSettings): readonly RelayedFamily[] {
  return temporality === 'delta'
    ? []
    : sources.flatMap(({ status, relayed = [] }) => selectPublishable(status, relayed));
}

/** Sorted, each series once at any time. Samples in canonical order are in order already, so nothing is copied then. */
function sortUnique(points: readonly Point[], omit: (duplicate: Point) => void): readonly Point[] {
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

function tallyOmissions(): OmissionTally {
  const byReason = new Map<string, Omission>();
  return {
    omit: (reason, metric, points, { temporality }) => {
      const key = `${reason} ${metric}`;
      const known = byReason.get(key) ?? { reason, metric, samples: 0, increases: 0 };
      const increases = points.filter(({ family }) => isAddedUp(family, temporality)).length;
      byReason.set(key, {
        reason,
        metric,
        samples: known.samples + points.length,
        increases: known.increases + increases,
      });
    },
    omissions: () => [...byReason.values()],
  };
}
