/** Makes problems of what remote write left out and of what was not stored. */
import type { Problem } from '../../../model/problem.ts';
import type { Explanation } from '../../../series/losses/explain-status.ts';
import { isNotTaken } from '../../../series/delivery/fate.ts';
import { describeOmissionReasons } from '../../../series/losses/omissions.ts';
import { describeLossReasons } from '../../../series/losses/describe-losses.ts';
import { explainError } from './explain-error.ts';
import { NotSpokenError, undoneStatuses } from './protocol.ts';
import { formatLabels } from '../encode/format-series.ts';
import type { Omission } from '../encode/encode-series.ts';
import type { OmissionReason } from '../encode/expand-family.ts';
import type { Loss, Tally } from './tally.ts';

const reasonTexts: Readonly<Record<OmissionReason, string>> = {
  'no-total':
    'only known as an increase since the last run, which remote write cannot carry; a source with durable state gives running totals, or leave the metric out with `metrics.exclude`',
  'metric-name': 'not a Prometheus metric name; rename the metric where it is measured',
  'label-name':
    'a label name that Prometheus does not allow, or that it keeps for itself; rename the label where it is measured',
  histogram:
    'a histogram whose bounds do not ascend or do not fit its counts; leave it out with `metrics.exclude`, and report it',
  duplicate:
    'the same labels as another sample of this run; the first one is sent; rename one of them in the CI system',
};

/** Samples that never left, one problem for each reason. */
export function describeOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return describeOmissionReasons(omissions, { reasonTexts, noun: 'sample', where });
}

/** What went wrong on the way or at the receiver, one problem for each reason. */
export function describeDelivery(tally: Tally, where: string): readonly Problem[] {
  return describeLossReasons<Loss>(tally, {
    noun: 'sample',
    where,
    explain: ({ reception, datedBy }) =>
      reception.outcome === 'partial' && reception.error === undefined
        ? silentLoss
        : explainError(reception.error, where, datedBy),
    isNotTaken: (error) => error instanceof NotSpokenError || isNotTaken(error, undoneStatuses),
    findExample: ({ only }) => (only === undefined ? undefined : formatLabels(only)),
  });
}

const silentLoss: Explanation = {
  kind: 'rejected',
  text: 'the receiver answered with success and says that it has written fewer; look at its own rules and logs',
};
