/** The words for what the backend does not store. */
import type { Problem } from '../../../lambda/model/problem.ts';
import { type Finding, describeFindingReasons } from '../../../lambda/series/losses/findings.ts';
import type { FindingReason, Point } from '../encode/encode-points.ts';

const reasonTexts: Readonly<Record<FindingReason, string>> = {
  number:
    'left out, for JSON has neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
};

const noun = 'point';

/** Points that never left. */
export function describeFindings(findings: readonly Finding<FindingReason>[], where: string): readonly Problem[] {
  return describeFindingReasons(findings, { reasonTexts, noun, where });
}

/** `ci_queue_jobs{queue="default"}` */
export function show({ name, labels }: Point): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}

export const words = { noun, show };
