/** Makes the points and events of a batch; what New Relic would not store is left out and reported. */
import { matchSelection } from '../../../settings/glob.ts';
import type { Batch } from '../../../model/batch.ts';
import { createWindowFinder } from '../../../model/for-sinks/increase-windows.ts';
import type { CounterSample, DistributionSample, Labels, MetricFamily } from '../../../model/metric.ts';
import { collectFindings, type Finding, type Findings } from '../../../series/losses/findings.ts';
import type { NewRelicConfig } from '../config.ts';
import { maxAgeMs, maxAheadMs, maxAttributes, maxNameLength, maxPointBytes } from '../limits.ts';
import { collectEvents } from './collect-events.ts';
import type { FindingReason } from './findings.ts';
import { isAddedUp, type Item, type Point, type Summary } from './item.ts';
import { cleanKey, cleanValue } from './clean-attributes.ts';
import { writePoint } from './split-requests.ts';
import { formatName, formatSeries } from './format-items.ts';

export interface Encoding {
  /** Levels, then what is added up, then events: they never share a request. */
  readonly items: readonly Item[];
  readonly findings: readonly Finding<FindingReason>[];
  /** Increases among what was left out. */
  readonly lostIncreases: number;
}

export interface EncodeSettings {
  readonly config: Pick<NewRelicConfig, 'metrics' | 'compat'>;
  /** Attributes that all points have in common. */
  readonly common: Labels;
  readonly intervalMs: number;
}

/** Whether New Relic stores a point of this time that arrives now. */
export function isStorableTime(timeMs: number, nowMs: number): boolean {
  return nowMs - timeMs <= maxAgeMs && timeMs - nowMs <= maxAheadMs;
}

/** Pure: the same batch gives the same samples, for the dry run as for the delivery. */
export function encodeItems(batch: Batch, settings: EncodeSettings): Encoding {
  const { config } = settings;
  const isSelected = matchSelection(config.metrics ?? {});
  const findings = collectFindings<FindingReason>();
  const points = collectPoints(findings, settings.common, batch.collectedAtMs);
  const events = collectEvents(findings);
  const findStart = createWindowFinder(batch, settings.intervalMs);
  for (const family of selectFamilies(batch)) {
    if (!isSelected(family.definition.name)) continue;
    if (config.compat && events.isToolFamily(family)) events.add(family);
    else putFamily(family, points, { batch, startMs: findStart(family) });
  }
  const { levels, increases, lostIncreases } = points.finish();
  return {
    items: [...levels, ...increases, ...events.finish(batch.collectedAtMs)],
    findings: findings.list(),
    lostIncreases,
  };
}

/** A failed source gives no values: old ones would look like new ones. */
function selectFamilies({ sources, health }: Batch): readonly MetricFamily[] {
  return [...sources.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families), ...health];
}

interface Window {
  readonly batch: Batch;
  /** Of increases. Epoch milliseconds. */
  readonly startMs: number;
}

function putFamily(family: MetricFamily, points: PointCollector, { batch, startMs }: Window): void {
  const put = points.openMetric(family.definition.name);
  // A level is of the moment it was read; increases have the time of their tick, under which they may be sent later.
  const window = { timeMs: batch.tickMs, intervalMs: batch.tickMs - startMs };
  switch (family.type) {
    case 'gauge':
      for (const { labels, value } of family.samples)
        put(labels, { kind: 'level', timeMs: batch.collectedAtMs, value }, checkUsable([value]));
      return;
    case 'counter':
      for (const { labels, increase } of family.samples.filter(isIncrease))
        put(labels, { kind: 'increase', ...window, value: increase }, checkUsable([increase]));
      return;
    case 'distribution':
      for (const { labels, observations } of family.samples.filter(isObserved)) {
        const value = summarize(observations.filter(Number.isFinite));
        const usable = Number.isFinite(value.sum) ? checkUsable(observations) : 'none';
        put(labels, { kind: 'observations', ...window, value }, usable);
      }
  }
}

/** A backend that adds up takes a missing increase for 0, so counters that did not change are not sent. */
function isIncrease({ increase }: CounterSample): boolean {
  return increase !== 0;
}

function isObserved({ observations }: DistributionSample): boolean {
  return observations.length > 0;
}

function checkUsable(values: readonly number[]): Usable {
  if (values.every(Number.isFinite)) return 'all';
  return values.some(Number.isFinite) ? 'some' : 'none';
}

function summarize(observations: readonly number[]): Summary {
  const summary = { count: observations.length, sum: 0, min: Infinity, max: -Infinity };
  for (const value of observations) {
    summary.sum += value;
    summary.min = Math.min(summary.min, value);
    summary.max = Math.max(summary.max, value);
  }
  return summary;
}

type DraftOf<Kind extends Point> = Omit<Kind, 'name' | 'attributes'>;
type Draft = Point extends infer Kind ? (Kind extends Point ? DraftOf<Kind> : never) : never;

/** How much of a sample is a number that New Relic takes. */
type Usable = 'all' | 'some' | 'none';

type PutDraft = (labels: Labels, draft: Draft, usable: Usable) => void;

interface PointCollector {
  /** Asked for once a metric. */
  readonly openMetric: (name: string) => PutDraft;
  readonly finish: () => {
    readonly levels: readonly Point[];
    readonly increases: readonly Point[];
    readonly lostIncreases: number;
  };
}

function collectPoints(findings: Findings<FindingReason>, common: Labels, nowMs: number): PointCollector {
  const levels: Point[] = [];
  const increases: Point[] = [];
  const cutLevels = new Set<string>();
  const commonKeys = Object.keys(common);
  let lostIncreases = 0;

  const checkPoint = (point: Point, isCut: boolean): FindingReason | undefined => {
    const { name, attributes, timeMs } = point;
    if (name.length > maxNameLength) return 'name';
    if (commonKeys.includes(name)) return 'setting';
    if (!isStorableTime(timeMs, nowMs)) return 'time';
    if (Object.keys({ ...common, ...attributes }).length > maxAttributes) return 'attributes';
    if (isTooLarge(point)) return 'size';
    return isCut && point.kind === 'level' && cutLevels.has(formatName(point)) ? 'collision' : undefined;
  };

  return {
    openMetric: (name) => {
      const clean = createAttributeCleaner(name);
      return (labels, draft, usable) => {
        const { attributes, isRenamed, isCut } = clean(labels);
        const point: Point = { ...draft, name, attributes };
        const note = (reason: FindingReason): void => {
          findings.note(reason, name, () => formatSeries(name, attributes));
        };
        const reason = usable === 'none' ? 'number' : checkPoint(point, isCut);
        if (reason !== undefined) {
          note(reason);
          // Of two levels that became one, one is sent.
          if (isAddedUp(point)) lostIncreases += 1;
          return;
        }
        if (usable === 'some') note('number');
        if (isRenamed) note('renamed');
        if (isCut) {
          note('cut');
          cutLevels.add(formatName(point));
        }
        (isAddedUp(point) ? increases : levels).push(point);
      };
    },
    finish: () => ({ levels, increases, lostIncreases }),
  };
}

interface CleanAttributes {
  readonly attributes: Labels;
  readonly isRenamed: boolean;
  readonly isCut: boolean;
}

/** A label without a value is no attribute: that is what it means. */
function createAttributeCleaner(metric: string): (labels: Labels) => CleanAttributes {
  const keys = new Map<string, string>();
  const findKey = (label: string): string => {
    const known = keys.get(label) ?? cleanKey(label, metric);
    keys.set(label, known);
    return known;
  };
  return (labels) => {
    const attributes: Record<string, string> = {};
    let isRenamed = false;
    let isCut = false;
    for (const [label, value] of Object.entries(labels)) {
      if (value === '') continue;
      let key = findKey(label);
      // Two labels that differ only in what may not stand in a key stay two attributes.
      while (Object.hasOwn(attributes, key)) key = `${key}_`;
      const written = cleanValue(value);
      isRenamed ||= key !== label;
      isCut ||= written.length < value.length;
      attributes[key] = written;
    }
    return { attributes, isRenamed, isCut };
  };
}

/** A character takes six bytes at most, as an escape; only what may be too large is written to find out. */
function isTooLarge(point: Point): boolean {
  const characters = Object.entries(point.attributes).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return 6 * characters > maxPointBytes && Buffer.byteLength(writePoint(point)) > maxPointBytes;
}
