/** A datum, one value of one metric of CloudWatch, and how it is made and written. */
import type { Dimension, MappedPoint } from '../../../model/for-sinks/cloud-watch-shape.ts';
import type { CloudWatchUnit, MetricType } from '../../../model/metric.ts';
import { writeAscii } from './write-ascii.ts';
import { writeDimensions, type WrittenDimensions } from './known-dimensions.ts';
import { highResolution, maxValuesPerDatum } from '../limits.ts';
import { splitChunks } from '../../../model/lists/split-chunks.ts';

/** Observations by value: CloudWatch makes percentiles of them. */
export interface ValueCounts {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly Dimension[];
  readonly unit: CloudWatchUnit;
  readonly value: number | ValueCounts;
  readonly resolution: 'standard' | 'high';
  /** `sums` are read by Sum, where a second copy counts twice; a second copy of a level changes nothing that is read. */
  readonly reading: 'level' | 'sums';
  /** Of a datum that waited in the outbox; default: the tick of the run. Epoch milliseconds. */
  readonly timeMs?: number;
  /** Its dimensions as they stand in the body of a request, where they are known. */
  readonly written?: string;
}

export interface DatumContext {
  readonly namespace: string;
  readonly type: MetricType;
  readonly resolution: Datum['resolution'];
}

/** One datum for a gauge or a counter, one for each 150 different observations of a distribution. */
export function buildDatums(
  { name, unit, values, mapped: { all: dimensions, text: written } }: MappedPoint<WrittenDimensions>,
  { namespace, type, resolution }: DatumContext,
): readonly Datum[] {
  const reading = type === 'gauge' ? 'level' : 'sums';
  const given = type === 'distribution' ? splitValueCounts(values, unit) : values;
  return given.map((value) => ({ namespace, name, dimensions, unit, value, resolution, reading, written }));
}

function splitValueCounts(observations: readonly number[], unit: CloudWatchUnit): readonly ValueCounts[] {
  const exact = [...tallyValues(observations)];
  // Whole seconds first: a few datums more are dearer than a fraction of a second of a job's duration.
  const entries =
    exact.length > maxValuesPerDatum && unit === 'Seconds' ? [...tallyValues(observations.map(Math.round))] : exact;
  return splitChunks(entries, maxValuesPerDatum).map((chunk) => ({
    values: chunk.map(([value]) => value),
    counts: chunk.map(([, count]) => count),
  }));
}

/** How often each value occurs, smallest first. */
function tallyValues(observations: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const value of [...observations].sort((a, b) => a - b)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/**
 * Writes a datum as it stands in the body of a request (AWS JSON 1.0, in which a time is seconds since 1970), as the SDK
 * would, but in ASCII: its length is its size. It is written here because its size decides in which request it goes, and
 * once is enough.
 * @param tickMs The time of datums that have none of their own.
 */
export function createDatumWriter(tickMs: number): (datum: Datum) => string {
  const frames = new Map<string, Frame>();
  return ({ name, unit, resolution, timeMs = tickMs, dimensions, written, value }) => {
    let frame = frames.get(name);
    if (frame?.unit !== unit || frame.resolution !== resolution || frame.timeMs !== timeMs) {
      frame = writeFrame(name, { unit, resolution, timeMs });
      frames.set(name, frame);
    }
    return `${frame.before}${written ?? writeDimensions(dimensions)}${frame.between}${writeValue(value)}${frame.after}`;
  };
}

/** What the datums of one metric have in common, around their dimensions and their values. */
interface Frame extends Pick<Datum, 'unit' | 'resolution'> {
  readonly timeMs: number;
  readonly before: string;
  readonly between: string;
  readonly after: string;
}

function writeFrame(name: string, of: Pick<Frame, 'unit' | 'resolution' | 'timeMs'>): Frame {
  const kept = of.resolution === 'high' ? `,"StorageResolution":${String(highResolution)}` : '';
  return {
    ...of,
    before: `{"MetricName":${writeAscii(name)},"Dimensions":[`,
    between: `],"Timestamp":${JSON.stringify(of.timeMs / 1000)},`,
    after: `,"Unit":"${of.unit}"${kept}}`,
  };
}

function writeValue(value: Datum['value']): string {
  if (typeof value === 'number') return `"Value":${String(value)}`;
  return `"Values":${JSON.stringify(value.values)},"Counts":${JSON.stringify(value.counts)}`;
}

/** `CI QueuedJobs {System=buildkite, Queue=default}`: what makes a metric of its own, and what each costs. */
export function formatSeries({ namespace, name, dimensions }: Datum): string {
  const inside = dimensions.map((dimension) => `${dimension.name}=${dimension.value}`).join(', ');
  return `${namespace} ${name}${inside === '' ? '' : ` {${inside}}`}`;
}
