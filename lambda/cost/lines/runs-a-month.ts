/** How often a deployment runs in a month, and how long. */
import { convertInterval } from '../../settings/interval.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import { minuteMs, monthMs } from '../../model/time.ts';

/** A run waits for a CI system and for its sinks, and what it waits is what it costs. */
export const usualSeconds = 2;

export interface Runs {
  /** Collections. */
  readonly runs: number;
  /** Starts of the function; below one minute each has several runs. */
  readonly invocations: number;
  readonly secondsOfInvocation: number;
}

export function isRunning({ deployment }: Pick<CollectorConfig, 'deployment'>): boolean {
  return deployment.schedule === 'enabled';
}

export function countRunsAMonth({ interval, deployment }: Pick<CollectorConfig, 'interval' | 'deployment'>): Runs {
  if (!isRunning({ deployment })) return { runs: 0, invocations: 0, secondsOfInvocation: usualSeconds };
  const intervalMs = convertInterval(interval);
  const isLoop = intervalMs < minuteMs;
  return {
    runs: monthMs / intervalMs,
    invocations: monthMs / Math.max(intervalMs, minuteMs),
    secondsOfInvocation: isLoop ? minuteMs / 1000 : usualSeconds,
  };
}
