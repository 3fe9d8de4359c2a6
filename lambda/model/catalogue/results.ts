/** How a run or a job ends, and which of these results say something about the code. */

export const results = ['success', 'failure', 'error', 'timeout', 'cancellation', 'skip', 'other'] as const;
/** `failure`: the build itself failed. `error`: the CI system failed. A cancellation or a skip is neither. */
export type Result = (typeof results)[number];

/** A run that was cancelled or skipped says nothing about the code, and neither does an unknown result. */
export const verdictResults = ['success', 'failure', 'error', 'timeout'] as const satisfies readonly Result[];

/** The verdicts that are no success. */
export const failedResults = verdictResults.filter((result) => result !== 'success');

const verdicts: ReadonlySet<string> = new Set(verdictResults);
const failures: ReadonlySet<string> = new Set(failedResults);

/** Whether this result says something about the code; a label's value may be any text. */
export function isVerdict(result: string): boolean {
  return verdicts.has(result);
}

/** Whether this result is a verdict that is no success. */
export function isFailedResult(result: string): boolean {
  return failures.has(result);
}
