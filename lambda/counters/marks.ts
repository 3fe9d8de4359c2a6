/** Builds the marks that a finished run leaves behind: when its pipeline last ended, with what verdict, and when it last succeeded. */
import { isVerdict, type Result } from '../model/catalogue/results.ts';
import { runLastFinished, runLastResult, runLastSuccess } from '../model/catalogue/run-metrics.ts';
import type { Labels } from '../model/metric.ts';
import type { Mark } from './finish.ts';
import type { PipelineLabel } from '../model/catalogue/identity-labels.ts';

/** None where the result is no verdict: a cancelled or skipped run says nothing about its pipeline. */
export function buildMarks(
  labels: Labels<PipelineLabel | 'branch'>,
  result: Result,
  finishedMs: number,
): readonly Mark[] {
  if (!isVerdict(result)) return [];
  const value = finishedMs / 1000;
  const isSuccess = result === 'success';
  return [
    { metric: runLastFinished, labels, value },
    { metric: runLastResult, labels, value: isSuccess ? 1 : 0 },
    ...(isSuccess ? [{ metric: runLastSuccess, labels, value }] : []),
  ];
}
