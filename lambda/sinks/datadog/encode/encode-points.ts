/** Makes the points of a batch, metric by metric; what Datadog would not store is left out and reported. */
import { matchSelection } from '../../../settings/glob.ts';
import { addStandIns } from '../../../model/families/stand-ins.ts';
import type { Batch } from '../../../model/batch.ts';
import { createWindowFinder } from '../../../model/for-sinks/increase-windows.ts';
import type { MetricFamily } from '../../../model/metric.ts';
import { collectFindings, type Finding } from '../../../series/losses/findings.ts';
import type { DatadogConfig } from '../config.ts';
import { maxAgeMs, maxAheadMs, maxPointBytes, maxValuesPerPoint } from '../limits.ts';
import type { FindingReason } from './findings.ts';
import { isAddedUp, type Point } from './point.ts';
import { type CleanPair, createNaming, createTagMemory } from './series-names.ts';
import { formatSeries } from './shown.ts';
import { collectUnited, type NamedFamily, type Notes } from './unite-points.ts';
import { findUnit } from './units.ts';

/** Tags that are sent otherwise than they were written. */
export interface Rewritten {
  readonly tags: number;
  /** One of them, before and after. */
  readonly example: readonly [written: string, sent: string];
}

export interface Encoding {
  /**
   * Levels, then increases, then observations, for the kinds never share a request; made metric by metric while they are
   * asked for, and to be had once: the points of 10,000 queues never stand in memory together.
   */
  readonly points: Iterable<Point>;
  /** What of the points that were made so far is not as it was given. */
  readonly findings: () => readonly Finding<FindingReason>[];
  /** Increases among what was left out so far. */
  readonly lostIncreases: () => number;
  /** Of the points that were made so far. */
  readonly rewritten: () => Rewritten | undefined;
}

export interface EncodeSettings {
  readonly config: Pick<DatadogConfig, 'metrics' | 'tags' | 'compat'>;
  /** Name of the deployment. */
  readonly collector: string;
  readonly intervalMs: number;
  /** Increases of 0 and distributions without observations cost nothing when they are not sent; a price counts them. */
  readonly unchanged?: 'omit' | 'include';
}

/** Whether Datadog stores a point of this time that arrives now. */
export function isStorableTime(timeMs: number, nowMs: number): boolean {
  return nowMs - timeMs <= maxAgeMs && timeMs - nowMs <= maxAheadMs;
}

/** Pure: the same batch gives the same points, for the dry run as for the delivery. */
export function encodePoints(batch: Batch, settings: EncodeSettings): Encoding {
  const notes = createNotes();
  let rewritten: Rewritten | undefined;
  const clean = createTagMemory(({ text }, written) => {
    if (text !== written)
      rewritten = { tags: (rewritten?.tags ?? 0) + 1, example: rewritten?.example ?? [written, text] };
  });
  return {
    points: generatePoints(groupMetrics(batch, settings, clean), batch.collectedAtMs, notes),
    findings: notes.list,
    lostIncreases: notes.lostIncreases,
    rewritten: () => rewritten,
  };
}

function createNotes(): Notes & Pick<Encoding, 'lostIncreases'> & { readonly list: Encoding['findings'] } {
  const findings = collectFindings<FindingReason>();
  let lost = 0;
  const note: Notes['note'] = (reason, metric, example) => {
    findings.note(reason, metric, () => formatSeries(example));
  };
  return {
    note,
    lose: (reason, metric, example) => {
      note(reason, metric, example);
      if (isAddedUp(example)) lost += 1;
    },
    list: findings.list,
    lostIncreases: () => lost,
  };
}

/** Families that may have series in common at Datadog, by kind; several sources give families of one name. */
function groupMetrics(
  batch: Batch,
  settings: EncodeSettings,
  clean: CleanPair,
): Partial<Record<Point['kind'], readonly (readonly NamedFamily[])[]>> {
  const isSelected = matchSelection(settings.config.metrics ?? {});
  const selected = selectFamilies(batch).filter(({ definition }) => isSelected(definition.name));
  const findStart = createWindowFinder(batch, settings.intervalMs);
  const named = selected.map((family): NamedFamily => ({
    family: settings.unchanged === 'include' ? addStandIns(family) : family,
    naming: createNaming(family.definition, { ...settings.config, collector: settings.collector }, clean),
    common: buildCommon(family, batch, findStart(family)),
  }));
  const groups = Map.groupBy(named, ({ naming, common }) => `${common.kind} ${naming.group}`);
  return Object.groupBy(groups.values(), ([first]) => first?.common.kind ?? 'level');
}

/** A failed source gives no values: old ones would look like new ones. */
function selectFamilies({ sources, health }: Batch): readonly MetricFamily[] {
  return [...sources.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families), ...health];
}

/** A level is of the moment it was read; increases have the time of their tick, under which they may be sent later. */
function buildCommon({ type, definition }: MetricFamily, batch: Batch, startMs: number): NamedFamily['common'] {
  const unit = findUnit(definition.name, definition.unit);
  switch (type) {
    case 'gauge':
      return { kind: 'level', timeMs: batch.collectedAtMs, unit };
    case 'counter':
      // Datadog takes whole seconds.
      return {
        kind: 'increase',
        timeMs: batch.tickMs,
        intervalSeconds: Math.max(1, Math.round((batch.tickMs - startMs) / 1000)),
        unit,
      };
    case 'distribution':
      // The API of distributions has no place for a unit.
      return { kind: 'observations', timeMs: batch.tickMs };
  }
}

const kinds = ['level', 'increase', 'observations'] as const;

function* generatePoints(
  groups: Partial<Record<Point['kind'], readonly (readonly NamedFamily[])[]>>,
  nowMs: number,
  notes: Notes,
): Generator<Point> {
  for (const families of kinds.flatMap((kind) => groups[kind] ?? []))
    for (const { metric, point } of collectUnited(families, notes)) {
      if (!isStorableTime(point.timeMs, nowMs)) notes.lose('time', metric, point);
      else if (estimateBytes(point) > maxPointBytes) notes.lose('size', metric, point);
      else if (point.values.length <= maxValuesPerPoint) yield point;
      else yield* splitValues(point);
    }
}

/** Datadog adds up the points of a distribution, so that a long one may be several. */
function* splitValues(point: Point): Generator<Point> {
  const { values } = point;
  for (let at = 0; at < values.length; at += maxValuesPerPoint)
    yield { ...point, values: values.slice(at, at + maxValuesPerPoint) };
}

/** A cleaned character takes three bytes at most; all that is not tags is short, once the values are split. */
function estimateBytes({ tags }: Point): number {
  let characters = 0;
  for (const tag of tags) characters += tag.length + 3;
  return 3 * characters + 250_000;
}

/** The kinds never share a request, so each stands together. */
export function groupByKind(points: readonly Point[]): readonly Point[] {
  const { level = [], increase = [], observations = [] } = Object.groupBy(points, ({ kind }) => kind);
  return [...level, ...increase, ...observations];
}
