/** Makes problems of what was left out, what was held back and what was not stored. */
import type { Problem } from '../../../model/problem.ts';
import { formatCount } from '../../../model/text/wording.ts';
import { isNotTaken } from '../../../series/delivery/fate.ts';
import { describeOmissionReasons } from '../../../series/losses/omissions.ts';
import { describeLossReasons } from '../../../series/losses/describe-losses.ts';
import type { OmissionReason, Omission, Point } from '../encode/point.ts';
import { formatSeries } from '../encode/format-points.ts';
import { explainError } from './explain-error.ts';
import { PartialWriteError } from './judge.ts';
import type { Loss, Tally } from './tally.ts';

const noun = 'point';

/** Faults of a server that has done nothing: too many requests, or unable to handle any (RFC 9110, RFC 6585). */
const undoneStatuses: readonly number[] = [429, 503];

const reasonTexts: Readonly<Record<OmissionReason, string>> = {
  'no-total':
    'only known as an increase since the last run, and Cloud Monitoring is told running totals; a source with durable state gives them; or leave the metric out with `metrics.exclude`',
  histogram: 'a histogram whose bounds and counts do not fit together; leave the metric out, and report it',
  'no-number': 'not a number, which the API has no way to write; leave the metric out with `metrics.exclude`',
  'no-integer': 'no whole number, though the metric counts; leave the metric out with `metrics.exclude`, and report it',
  label:
    'a label whose name the API does not take, or whose value has more than 1,024 characters; rename it in the CI system',
  labels: 'more than the 30 labels that a metric may have; configure fewer `labels`',
  duplicate: 'the same labels as another point of this run; the first one is sent; rename one of them in the CI system',
  'other-kind': 'another metric has the same type and is of another kind; leave one of them out',
  start: 'a total that began no earlier than it was read; the next run sends it, and if not, check the clock',
};

/** Points that never left, one problem for each reason. */
export function describeOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return describeOmissionReasons(omissions, { reasonTexts, noun, where });
}

export function describeHeldBack(points: number, where: string): readonly Problem[] {
  if (points === 0) return [];
  const message = `held back ${formatCount(points, noun)} of series that got one less than 5 seconds before, or later than now by this clock: Cloud Monitoring would refuse them; the next run sends newer ones; let only one collector run, and check the clock if this stays`;
  return [{ kind: 'rejected', where, message }];
}

/** What went wrong on the way or at the API, one problem for each reason. */
export function describeDelivery(tally: Tally, where: string): readonly Problem[] {
  return describeLossReasons<Loss>(tally, {
    noun,
    where,
    explain: ({ reception }) => explainError(reception.error, where),
    isNotTaken: (error) => isNotTaken(error, undoneStatuses),
    findExample,
  });
}

/** The series that the API names, or the only one that there was. */
function findExample({ reception, points }: Loss): string | undefined {
  const position = reception.error instanceof PartialWriteError ? reception.error.example : undefined;
  const isAlone = points.length === 1 && reception.outcome !== 'undelivered';
  const point: Point | undefined = position === undefined && isAlone ? points[0] : points[position ?? -1];
  return point === undefined ? undefined : formatSeries(point.family.type, point.labels);
}
