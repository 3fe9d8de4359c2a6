/** Tells as problems what remote write left out, and what was not stored. */
import type { Problem } from '../../../model/problem.ts';
import type { Explanation } from '../../../series/explain-status.ts';
import { wasNotTaken } from '../../../series/fate.ts';
import { tellOmissions } from '../../../series/omissions.ts';
import { tellFailures } from '../../../series/describe-losses.ts';
import { explain } from './explain-error.ts';
import { NotSpokenError, undoneStatuses } from './protocol.ts';
import { shownLabels } from '../encode/format-series.ts';
import type { Omission } from '../encode/encode-series.ts';
import type { Flaw } from '../encode/expand-family.ts';
import type { Failure, Tally } from './tally.ts';

const flaws: Readonly<Record<Flaw, string>> = {
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
export function problemsOfOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return tellOmissions(omissions, { flaws, noun: 'sample', where });
}

/** What went wrong on the way or at the receiver, one problem for each reason. */
export function problemsOfDelivery(tally: Tally, where: string): readonly Problem[] {
  return tellFailures<Failure>(tally, {
    noun: 'sample',
    where,
    explain: ({ verdict, datedBy }) =>
      verdict.outcome === 'partial' && verdict.error === undefined
        ? silentLoss
        : explain(verdict.error, where, datedBy),
    wasNotTaken: (error) => error instanceof NotSpokenError || wasNotTaken(error, undoneStatuses),
    exampleOf: ({ only }) => (only === undefined ? undefined : shownLabels(only)),
  });
}

const silentLoss: Explanation = {
  kind: 'rejected',
  text: 'the receiver answered with success and says that it has written fewer; look at its own rules and logs',
};
