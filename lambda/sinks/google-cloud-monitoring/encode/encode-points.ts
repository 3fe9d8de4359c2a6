/** Makes the points of a batch, metric by metric; what Cloud Monitoring would refuse is left out and reported. */
import { type Matcher, matchSelection } from '../../../settings/glob.ts';
import type { Batch } from '../../../model/batch.ts';
import type { Labels, MetricFamily } from '../../../model/metric.ts';
import { compareText } from '../../../model/families/order.ts';
import { compareSets } from '../../../series/label-set.ts';
import type { NamedSamples } from '../../../series/sample.ts';
import { isSoundHistogram } from '../../../series/sound-histogram.ts';
import type { GoogleCloudMonitoringConfig } from '../config.ts';
import { maxLabelKeyLength, maxLabels, maxLabelValueLength } from '../limits.ts';
import { type MetricSettings, mapFamily } from './map-family.ts';
import type { OmissionReason, Omission, Point, PointMetric, PointValue } from './point.ts';

export interface EncodeSettings extends MetricSettings {
  readonly config: MetricSettings['config'] & Pick<GoogleCloudMonitoringConfig, 'metrics'>;
}

/** All points of one metric, sorted, each series once. */
export interface NamedPoints extends NamedSamples<Point> {
  readonly metric: PointMetric;
}

export interface Encoding {
  /** By type, in order. */
  readonly names: readonly NamedPoints[];
  readonly omissions: readonly Omission[];
}

type Omit = (reason: OmissionReason, metric: string) => void;

/** Pure: the same batch gives the same points, for the dry run as for the delivery. */
export function encodePoints(batch: Batch, settings: EncodeSettings): Encoding {
  const { omit, omissions } = tallyOmissions();
  const points = selectFamilies(batch, matchSelection(settings.config.metrics ?? {})).flatMap((family) =>
    encodeFamily(family, batch.collectedAtMs, settings, omit),
  );
  const names = [...Map.groupBy(points, ({ family }) => family.type)]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([type, group]) => dropConflicting(type, group, omit));
  return { names, omissions: omissions() };
}

/**
 * A failed source gives no values: old ones would look like new ones. Series of another system are sent in their
 * reduced form: a custom metric for each of a page's would be thousands of them.
 */
function selectFamilies({ sources, health }: Batch, isSelected: Matcher): readonly MetricFamily[] {
  const read = sources.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families);
  return [...read, ...health].filter(({ definition }) => isSelected(definition.name));
}

interface Reading {
  readonly labels: Labels;
  readonly value: PointValue | OmissionReason;
  readonly startMs: number | undefined;
}

function encodeFamily(family: MetricFamily, endMs: number, settings: EncodeSettings, omit: Omit): readonly Point[] {
  const { name } = family.definition;
  const mapSeries = mapFamily(family.definition, settings);
  const points: Point[] = [];
  for (const { labels: own, value, startMs } of extractReadings(family)) {
    const { metric, labels } = mapSeries(own);
    const point = buildPoint(metric, labels, { value, startMs, endMs });
    if (typeof point === 'string') omit(point, name);
    else points.push(point);
  }
  return points;
}

function extractReadings(family: MetricFamily): readonly Reading[] {
  switch (family.type) {
    case 'gauge':
      return family.samples.map(({ labels, value }) => ({ labels, value: { number: value }, startMs: undefined }));
    case 'counter':
      return family.samples.map(({ labels, total }) => ({
        labels,
        value: total === undefined ? 'no-total' : { number: total.value },
        startMs: total?.startMs,
      }));
    case 'distribution':
      return family.samples.map(({ labels, total }) => {
        if (total === undefined) return { labels, value: 'no-total', startMs: undefined };
        const isSound = isSoundHistogram(total) && Number.isFinite(total.sum) && total.bounds.length > 0;
        return { labels, value: isSound ? { distribution: total } : 'histogram', startMs: total.startMs };
      });
  }
}

interface Interval {
  readonly value: PointValue | OmissionReason;
  readonly startMs: number | undefined;
  readonly endMs: number;
}

function buildPoint(family: PointMetric, labels: Labels, { value, startMs, endMs }: Interval): Point | OmissionReason {
  if (typeof value === 'string') return value;
  if ('number' in value && !Number.isFinite(value.number)) return 'no-number';
  if (family.valueType === 'INT64' && 'number' in value && !Number.isSafeInteger(value.number)) return 'no-integer';
  // The interval of a running total is not empty (common.proto, TimeInterval).
  if (startMs !== undefined && !isBefore(startMs, endMs)) return 'start';
  const set = buildLabelSet(labels);
  return typeof set === 'string' ? set : { labels: set, family, startMs, value, isStale: false };
}

/** A start that is no time is before nothing. */
function isBefore(startMs: number, endMs: number): boolean {
  return startMs >= 0 && startMs < endMs;
}

/** Each label of the descriptor is written, empty ones too: all of them identify a series (metric.proto, Metric). */
function buildLabelSet(labels: Labels): readonly string[] | 'label' | 'labels' {
  const pairs = Object.entries(labels).sort(([a], [b]) => compareText(a, b));
  if (pairs.length > maxLabels) return 'labels';
  const isTaken = pairs.every(
    ([key, value]) => key.length <= maxLabelKeyLength && value.length <= maxLabelValueLength && isKey(key),
  );
  return isTaken ? pairs.flatMap(([key, value]) => [key, value.toWellFormed()]) : 'label';
}

/** Cloud Monitoring, label keys: a letter, then letters, digits and underscores. */
function isKey(key: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(key);
}

/** One point a series and request (metric_service.proto): the first of two is kept, and the first metric decides. */
function dropConflicting(type: string, group: readonly Point[], omit: Omit): readonly NamedPoints[] {
  const [first] = group;
  if (first === undefined) return [];
  const metric = first.family;
  const alike = group.filter(({ family }) => {
    const isAlike = family.kind === metric.kind && family.valueType === metric.valueType;
    if (!isAlike) omit('other-kind', type);
    return isAlike;
  });
  let before: Point | undefined;
  const series = alike
    .toSorted((a, b) => compareSets(a.labels, b.labels))
    .filter((one) => {
      const isRepeated = before !== undefined && compareSets(before.labels, one.labels) === 0;
      if (isRepeated) omit('duplicate', type);
      else before = one;
      return !isRepeated;
    });
  return [{ name: type, metric: addAllLabels(metric, series), series }];
}

/** Sources may give different labels to one metric; its descriptor knows all of them. */
function addAllLabels(metric: PointMetric, series: readonly Point[]): PointMetric {
  const keys = new Set(metric.labels);
  for (const { family } of series) for (const key of family.labels) keys.add(key);
  return keys.size === metric.labels.length ? metric : { ...metric, labels: [...keys].sort() };
}

function tallyOmissions(): { readonly omit: Omit; readonly omissions: () => readonly Omission[] } {
  const byReason = new Map<string, Omission>();
  return {
    omit: (reason, metric) => {
      const key = `${reason} ${metric}`;
      byReason.set(key, { reason, metric, samples: (byReason.get(key)?.samples ?? 0) + 1 });
    },
    omissions: () => [...byReason.values()],
  };
}
