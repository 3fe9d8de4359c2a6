/** Makes the points of a batch; what Datadog would not store is left out and reported. */
import { matchSelection } from '../../../settings/glob.ts';
import { append } from '../../../model/lists/append.ts';
import type { Batch } from '../../../model/batch.ts';
import type { Labels, MetricFamily } from '../../../model/metric.ts';
import { collectFindings, type Finding } from '../../../series/losses/findings.ts';
import type { DatadogConfig } from '../config.ts';
import { maxAgeMs, maxAheadMs, maxPointBytes, maxValuesPerPoint } from '../limits.ts';
import type { FindingReason } from './findings.ts';
import { isAddedUp, type Point } from './point.ts';
import { createNaming, createTagMemory, type SeriesName } from './series-names.ts';
import { formatSeries } from './shown.ts';
import { findUnit } from './units.ts';

/** Tags that are sent otherwise than they were written. */
export interface Rewritten {
  readonly tags: number;
  /** One of them, before and after. */
  readonly example: readonly [written: string, sent: string];
}

export interface Encoding {
  /** Levels, then increases, then observations: the kinds never share a request. */
  readonly points: readonly Point[];
  readonly findings: readonly Finding<FindingReason>[];
  /** Increases among what was left out. */
  readonly lostIncreases: number;
  readonly rewritten: Rewritten | undefined;
}

export interface EncodeSettings {
  readonly config: Pick<DatadogConfig, 'metrics' | 'tags' | 'compat'>;
  /** Name of the deployment. */
  readonly collector: string;
  readonly intervalMs: number;
}

/** Whether Datadog stores a point of this time that arrives now. */
export function isStorableTime(timeMs: number, nowMs: number): boolean {
  return nowMs - timeMs <= maxAgeMs && timeMs - nowMs <= maxAheadMs;
}

/** Pure: the same batch gives the same points, for the dry run as for the delivery. */
export function encodePoints(batch: Batch, settings: EncodeSettings): Encoding {
  const isSelected = matchSelection(settings.config.metrics ?? {});
  const drafts = collectDrafts();
  let rewritten: Rewritten | undefined;
  const clean = createTagMemory(({ text }, written) => {
    if (text !== written)
      rewritten = { tags: (rewritten?.tags ?? 0) + 1, example: rewritten?.example ?? [written, text] };
  });
  for (const family of selectFamilies(batch)) {
    const { definition } = family;
    if (!isSelected(definition.name)) continue;
    const makeName = createNaming(definition, { ...settings.config, collector: settings.collector }, clean);
    const common = buildCommon(family, batch, settings);
    for (const { labels, values } of extractFigures(family))
      drafts.add(definition.name, makeName(labels), { ...common, values });
  }
  return { ...drafts.finish(batch.collectedAtMs), rewritten };
}

/** A failed source gives no values: old ones would look like new ones. */
function selectFamilies({ sources, health }: Batch): readonly MetricFamily[] {
  return [...sources.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families), ...health];
}

interface Figure {
  readonly labels: Labels;
  readonly values: readonly number[];
}

/** A backend that adds up takes a missing increase for 0, so counters that did not change are not sent. */
function extractFigures(family: MetricFamily): readonly Figure[] {
  switch (family.type) {
    case 'gauge':
      return family.samples.map(({ labels, value }) => ({ labels, values: [value] }));
    case 'counter':
      return family.samples
        .filter(({ increase }) => increase !== 0)
        .map(({ labels, increase }) => ({ labels, values: [increase] }));
    case 'distribution':
      return family.samples
        .filter(({ observations }) => observations.length > 0)
        .map(({ labels, observations }) => ({ labels, values: observations }));
  }
}

type Draft = Omit<Point, 'name' | 'tags'>;
type Common = Omit<Draft, 'values'>;

/** A level is of the moment it was read; increases have the time of their tick, under which they may be sent later. */
function buildCommon({ type, definition }: MetricFamily, batch: Batch, { intervalMs }: EncodeSettings): Common {
  const unit = findUnit(definition.name, definition.unit);
  const withUnit = unit === undefined ? {} : { unit };
  switch (type) {
    case 'gauge':
      return { kind: 'level', timeMs: batch.collectedAtMs, ...withUnit };
    case 'counter':
      // Datadog takes whole seconds.
      return {
        kind: 'increase',
        timeMs: batch.tickMs,
        intervalSeconds: Math.max(1, Math.round(intervalMs / 1000)),
        ...withUnit,
      };
    case 'distribution':
      // The API of distributions has no place for a unit.
      return { kind: 'observations', timeMs: batch.tickMs };
  }
}

interface Drafts {
  readonly add: (metric: string, series: SeriesName | undefined, draft: Draft) => void;
  readonly finish: (nowMs: number) => Omit<Encoding, 'rewritten'>;
}

interface Owned {
  readonly metric: string;
  readonly point: Point;
}

/** Datadog keeps one value for a name, its tags and a time: what meets there is made one before it is sent. */
function collectDrafts(): Drafts {
  const findings = collectFindings<FindingReason>();
  const byKey = new Map<string, Owned>();
  let lostIncreases = 0;
  const lose = (reason: FindingReason, metric: string, formatExample: () => string, draft: Draft): void => {
    findings.note(reason, metric, formatExample);
    if (isAddedUp(draft)) lostIncreases += 1;
  };
  return {
    add: (metric, series, draft) => {
      if (series === undefined) {
        lose('name', metric, () => metric, draft);
        return;
      }
      const { name, tags } = series;
      const texts = tags.map(({ text }) => text);
      const formatExample = (): string => formatSeries({ name, tags: texts });
      const values = draft.values.filter(Number.isFinite);
      if (values.length === 0) {
        lose('number', metric, formatExample, draft);
        return;
      }
      if (values.length < draft.values.length) findings.note('number', metric, formatExample);
      if (tags.some(({ isCut }) => isCut)) findings.note('cut', metric, formatExample);
      const key = `${draft.kind} ${name} ${texts.join(',')}`;
      const taken = byKey.get(key);
      if (taken === undefined) byKey.set(key, { metric, point: { ...draft, name, tags: texts, values } });
      else if (draft.kind === 'level') findings.note('collision', metric, formatExample);
      else {
        findings.note('merged', metric, formatExample);
        byKey.set(key, { ...taken, point: mergePoints(taken.point, values) });
      }
    },
    finish: (nowMs) => {
      const points: Point[] = [];
      for (const { metric, point } of byKey.values()) {
        if (!isStorableTime(point.timeMs, nowMs)) lose('time', metric, () => formatSeries(point), point);
        else if (estimateBytes(point) > maxPointBytes) lose('size', metric, () => formatSeries(point), point);
        else append(points, splitValues(point));
      }
      return { points: groupByKind(points), findings: findings.list(), lostIncreases };
    },
  };
}

function mergePoints(point: Point, values: readonly number[]): Point {
  const all = [...point.values, ...values];
  return { ...point, values: point.kind === 'increase' ? [all.reduce((sum, value) => sum + value, 0)] : all };
}

/** Datadog adds up the points of a distribution, so that a long one may be several. */
function splitValues(point: Point): readonly Point[] {
  const { values } = point;
  const pieces: Point[] = [];
  for (let at = 0; at < values.length; at += maxValuesPerPoint)
    pieces.push({ ...point, values: values.slice(at, at + maxValuesPerPoint) });
  return pieces;
}

/** A cleaned character takes three bytes at most; all that is not tags is short, once the values are split. */
function estimateBytes({ tags }: Point): number {
  return 3 * tags.reduce((sum, tag) => sum + tag.length + 3, 0) + 250_000;
}

/** The kinds never share a request, so each stands together. */
export function groupByKind(points: readonly Point[]): readonly Point[] {
  const { level = [], increase = [], observations = [] } = Object.groupBy(points, ({ kind }) => kind);
  return [...level, ...increase, ...observations];
}
