/** What an operator decides about counting: bounds of histograms, series limits, interval and backfill. */
import type { SeriesCaps } from '../model/limits/cap.ts';
import type { FindPrice } from './prices.ts';
import type { MetricDefinition } from '../model/metric.ts';

/** What of counting an operator decides. */
export interface CountingSettings extends SeriesCaps {
  /** Upper bounds of the histograms of waiting times. Seconds. */
  readonly waitBounds: readonly number[];
  /** Upper bounds of the histograms of durations. Seconds. */
  readonly durationBounds: readonly number[];
  /** Between two runs; default: the longest that can be configured. Milliseconds. */
  readonly intervalMs?: number;
  /** What workers cost; absent where nothing has a price. */
  readonly findPrice?: FindPrice | undefined;
  /** How far before the installation finishes go to additive sinks; 0: none. Milliseconds. */
  readonly backfillMs: number;
}

/** Powers of ten for what is no time: bytes, counts. */
const otherBounds = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;

/** Upper bounds of a metric's histogram: its own, or those that the operator wants for metrics of its kind. */
export function chooseBounds(
  metric: MetricDefinition<'distribution'>,
  { waitBounds, durationBounds }: CountingSettings,
): readonly number[] {
  if (metric.bounds !== undefined) return metric.bounds;
  if (metric.unit !== 'seconds') return metric.unit === 'ratio' ? ratioBounds : otherBounds;
  return metric.measures === 'wait' ? waitBounds : durationBounds;
}

const ratioBounds = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1] as const;
