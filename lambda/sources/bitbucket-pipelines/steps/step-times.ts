/** What the record of a step says of its times, its end and who started it. */
import type { StepRecord } from '../api/schema.ts';
import { interpretStepState } from '../runs/states.ts';

/** When a step ran, once it has; undefined for one that was stopped before its start, or not run: it ends when it begins. */
export function extractTimes({
  started_on: startedMs,
  completed_on: endedMs,
}: StepRecord): { readonly startedMs: number; readonly endedMs: number } | undefined {
  return isTime(startedMs) && isTime(endedMs) && endedMs > startedMs ? { startedMs, endedMs } : undefined;
}

export function isTime(value: number | null | undefined): value is number {
  return value !== null && value !== undefined;
}

export function isAutomatic({ trigger }: StepRecord): boolean {
  return !/manual|redeploy/i.test(`${trigger?.type ?? ''} ${trigger?.name ?? ''}`);
}

export function isBad(state: StepRecord['state']): boolean {
  const standing = interpretStepState(state);
  return standing.is === 'ended' && standing.result !== 'success' && standing.result !== 'skip';
}
