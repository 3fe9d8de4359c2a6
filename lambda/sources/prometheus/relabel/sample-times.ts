/** Leaves out samples whose own time no receiver takes, or that the operator does not want. */
import type { Labels } from '../../../model/metric.ts';
import type { RelayedSample } from '../../../model/relayed.ts';
import type { PrometheusConfig } from '../config.ts';
import { minuteMs } from '../../../model/time.ts';

/** Samples that were left out for their time. */
export interface LeftOut {
  readonly count: number;
  /** Of one of them: the series, and its time as it stands on the page. */
  readonly example: string;
}

export interface Untimely {
  /** Too far ahead. */
  readonly ahead: LeftOut | undefined;
  /** Older than `maxSampleAgeMinutes`. */
  readonly old: LeftOut | undefined;
}

interface TimeCheck {
  isTimely(sample: RelayedSample): boolean;
  untimely(): Untimely;
}

/**
 * What Prometheus allows a page (scrape/scrape.go, `maxAheadTime`). A receiver that takes a sample of next year refuses
 * every later sample of the same series. Mostly such a time is in another unit.
 */
const maxAheadMs = 10 * minuteMs;

export function createTimeCheck({ maxSampleAgeMinutes }: PrometheusConfig, nowMs: number): TimeCheck {
  const ahead = createLeftOutCounter();
  const old = createLeftOutCounter();
  const oldestMs = maxSampleAgeMinutes === undefined ? -Infinity : nowMs - maxSampleAgeMinutes * minuteMs;
  return {
    isTimely: (sample) => {
      const { timestampMs } = sample;
      if (timestampMs === undefined) return true;
      if (timestampMs > nowMs + maxAheadMs) return ahead.leaveOut(sample, timestampMs);
      if (timestampMs < oldestMs) return old.leaveOut(sample, timestampMs);
      return true;
    },
    untimely: () => ({ ahead: ahead.leftOut(), old: old.leftOut() }),
  };
}

function createLeftOutCounter() {
  let count = 0;
  let example = '';
  return {
    leaveOut: ({ name, labels }: RelayedSample, timestampMs: number): false => {
      count += 1;
      if (count === 1) example = `${formatSeries(name, labels)} of ${formatTime(timestampMs)}`;
      return false;
    },
    leftOut: (): LeftOut | undefined => (count === 0 ? undefined : { count, example }),
  };
}

/** Longer ones fill a report and name nothing better. */
const maxSeriesText = 200;

function formatSeries(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const text = `${name}{${pairs.join(',')}}`;
  return text.length > maxSeriesText ? `${text.slice(0, maxSeriesText)}…` : text;
}

/** Years have four digits where dates are written; what lies beyond is shown in milliseconds. */
const maxDateMs = Date.UTC(9999, 11, 31);

function formatTime(timestampMs: number): string {
  return Math.abs(timestampMs) < maxDateMs ? new Date(timestampMs).toISOString() : `${String(timestampMs)} ms`;
}
