/** The words for what Datadog does not store. */
import type { Problem } from '../../../model/problem.ts';
import { type Finding, describeFindingReasons } from '../../../series/losses/findings.ts';
import type { FindingReason } from '../encode/findings.ts';
import { formatSeries } from '../encode/shown.ts';
import { maxAgeMs, maxAheadMs, maxNameLength, maxTagLength } from '../limits.ts';
import { minuteMs } from '../../../model/time.ts';

/** Which times Datadog takes. */
export const range = `Datadog takes the last ${String(maxAgeMs / minuteMs)} minutes and the next ${String(maxAheadMs / minuteMs)}`;

const reasonTexts: Readonly<Record<FindingReason, string>> = {
  number:
    'left out, as far as they are not numbers: Datadog takes neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
  size: 'left out, for a single one is larger than a request may be; use fewer or shorter `tags`',
  time: `left out, for ${range}; check the clock of this machine`,
  name: `left out, for Datadog takes names that begin with a letter and have at most ${String(maxNameLength)} characters; rename the metric where it is measured`,
  collision:
    'left out, for another series has the same name and tags at Datadog, which knows no upper case and few special characters; rename one of them in the CI system',
  merged:
    'added up with another series, for both have the same name and tags at Datadog, which knows no upper case and few special characters; rename one of them in the CI system',
  cut: `sent with a tag cut to ${String(maxTagLength)} characters, which is all that Datadog keeps; use a shorter name`,
};

const noun = 'point';

/** Points that are not sent as they are. */
export function describeFindings(findings: readonly Finding<FindingReason>[], where: string): readonly Problem[] {
  return describeFindingReasons(findings, { reasonTexts, noun, where });
}

export const words = { noun, show: formatSeries };
