/** Makes problems of what was left out and what was not stored. */
import type { Problem } from '../../../model/problem.ts';
import { isNotTaken } from '../../../series/delivery/fate.ts';
import { describeOmissionReasons } from '../../../series/losses/omissions.ts';
import { describeLossReasons } from '../../../series/losses/describe-losses.ts';
import type { OmissionReason } from '../encode/points/family-points.ts';
import type { Omission } from '../encode/points/encode-points.ts';
import { formatSeries } from '../encode/format-points.ts';
import { explainError } from './explain-error.ts';
import { notTakenStatuses } from './post.ts';
import type { Loss, Tally } from './tally.ts';

const reasonTexts: Readonly<Record<OmissionReason, string>> = {
  'no-total':
    'only known as an increase since the last run, which a cumulative sum cannot carry; a source with durable state gives running totals; set temporality: delta, or leave the metric out with `metrics.exclude`',
  histogram:
    'a histogram whose bounds and counts do not fit, or an observation that is no number; leave it out with `metrics.exclude`, and report it',
  duplicate:
    'the same attributes as another point of this run; the first one is sent; rename one of them in the CI system',
  'other-kind': 'another metric has the same name and is of another kind; leave one of them out with `metrics.exclude`',
  attributes: 'more attributes than the receiver takes of a point; configure fewer under `attributes`',
  size: 'larger by itself than `bytesPerRequest`; raise it as far as the receiver allows',
  time: 'a time that OTLP cannot write; check the clock of the server that it is from',
};

/** Points that never left, one problem for each reason. */
export function describeOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return describeOmissionReasons(omissions, { reasonTexts, noun: 'point', where });
}

/** What went wrong on the way or at the receiver, one problem for each reason. */
export function describeDelivery(tally: Tally, where: string): readonly Problem[] {
  return describeLossReasons<Loss>(tally, {
    noun: 'point',
    where,
    explain: ({ reception }) => explainError(reception.error, where),
    isNotTaken: (error) => isNotTaken(error, notTakenStatuses),
    findExample: ({ only }) => (only === undefined ? undefined : formatSeries(only.name, only.labels)),
  });
}
