/** A datum, one value of one metric of CloudWatch, and how it is made and written. */
import type { CloudWatchPoint, Dimension } from '../../../model/for-sinks/cloud-watch-shape.ts';
import type { CloudWatchUnit, MetricType } from '../../../model/metric.ts';
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
}

export interface DatumContext {
  readonly namespace: string;
  readonly type: MetricType;
  readonly resolution: Datum['resolution'];
}

/** One datum for a gauge or a counter, one for each 150 different observations of a distribution. */
export function buildDatums(point: CloudWatchPoint, { namespace, type, resolution }: DatumContext): readonly Datum[] {
  const { name, dimensions, unit, values } = point;
  const reading = type === 'gauge' ? 'level' : 'sums';
  const given = type === 'distribution' ? splitValueCounts(values, unit) : values;
  return given.map((value) => ({ namespace, name, dimensions, unit, value, resolution, reading }));
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
 * would. It is written here because its size decides in which request it goes, and once is enough.
 * @param tickMs The time of datums that have none of their own.
 */
export function createDatumWriter(tickMs: number): (datum: Datum) => string {
  const writeDimensions = createDimensionWriter();
  return ({ name, dimensions, unit, value, resolution, timeMs }) => {
    const time = JSON.stringify((timeMs ?? tickMs) / 1000);
    const kept = resolution === 'high' ? `,"StorageResolution":${String(highResolution)}` : '';
    return `{"MetricName":${JSON.stringify(name)},"Dimensions":[${writeDimensions(dimensions)}],"Timestamp":${time},${writeValue(value)},"Unit":"${unit}"${kept}}`;
  };
}

function writeValue(value: Datum['value']): string {
  if (typeof value === 'number') return `"Value":${JSON.stringify(value)}`;
  return `"Values":${JSON.stringify(value.values)},"Counts":${JSON.stringify(value.counts)}`;
}

/** Samples in order repeat most dimensions of the one before, and are then the same object: they are written once. */
function createDimensionWriter(): (dimensions: readonly Dimension[]) => string {
  const last: { dimension: Dimension; text: string }[] = [];
  return (dimensions) => {
    let written = '';
    for (const [at, dimension] of dimensions.entries()) {
      let slot = last[at];
      if (slot?.dimension !== dimension) {
        slot = { dimension, text: JSON.stringify({ Name: dimension.name, Value: dimension.value }) };
        last[at] = slot;
      }
      written += at === 0 ? slot.text : `,${slot.text}`;
    }
    return written;
  };
}

/** `CI QueuedJobs {System=buildkite, Queue=default}`: what makes a metric of its own, and what each costs. */
export function formatSeries({ namespace, name, dimensions }: Datum): string {
  const inside = dimensions.map((dimension) => `${dimension.name}=${dimension.value}`).join(', ');
  return `${namespace} ${name}${inside === '' ? '' : ` {${inside}}`}`;
}
