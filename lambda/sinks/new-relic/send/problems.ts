/** The words for what New Relic does not store. */
import type { Problem } from '../../../model/problem.ts';
import { type Finding, describeFindingReasons } from '../../../series/losses/findings.ts';
import type { FindingReason } from '../encode/findings.ts';
import { formatName } from '../encode/format-items.ts';
import { maxAgeMs, maxAheadMs, maxAttributes, maxNameLength, maxValueLength } from '../limits.ts';
import { hourMs } from '../../../model/time.ts';

/** Which times New Relic takes. */
export const range = `New Relic takes the last ${String(maxAgeMs / hourMs)} hours and the next ${String(maxAheadMs / hourMs)}`;

const reasonTexts: Readonly<Record<FindingReason, string>> = {
  number:
    'left out, as far as they are not numbers: New Relic takes neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
  size: 'left out, for a single one is larger than a request may be; give it fewer or shorter labels',
  time: `left out, for ${range}; check the clock of this machine`,
  name: `left out, for the name has more than ${String(maxNameLength)} characters; rename the metric where it is measured`,
  attributes: `left out, for New Relic takes ${String(maxAttributes)} attributes of a metric; configure fewer \`attributes\`, or leave labels out where it is measured`,
  setting: 'left out, for one of `attributes` has the name of the metric; call that attribute otherwise',
  collision: `left out, for another series has the same attributes once values are cut to ${String(maxValueLength)} characters; use shorter names`,
  renamed:
    'sent with another key in place of a label, for New Relic keeps such a name for itself or has no place for its characters; rename the label where it is measured',
  cut: `sent with a value cut to ${String(maxValueLength)} characters, which is all that New Relic keeps; use a shorter name`,
};

const noun = 'sample';

/** Samples that are not sent as they are. */
export function describeFindings(findings: readonly Finding<FindingReason>[], where: string): readonly Problem[] {
  return describeFindingReasons(findings, { reasonTexts, noun, where });
}

export const words = { noun, show: formatName };
