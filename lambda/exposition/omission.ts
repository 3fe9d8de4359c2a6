/** The words for what cannot stand on a page. */
import type { Problem } from '../model/problem.ts';
import { type Omission as OmissionOf, describeOmissionReasons } from '../series/losses/omissions.ts';

/** Why a sample cannot stand on a page. */
export type OmissionReason = 'no-total' | 'type' | 'metric-name' | 'label-name' | 'histogram' | 'duplicate' | 'older';

/** Samples of one metric that a page leaves out. */
export type Omission = OmissionOf<OmissionReason>;

const reasonTexts: Readonly<Record<OmissionReason, string>> = {
  'no-total':
    'only known as an increase since the last run, which a page of running totals cannot show; a source with durable state gives totals, or leave the metric out with `metrics.exclude`',
  type: 'another source gives a metric of this name with another type; leave one of them out with `metrics.exclude`',
  'metric-name': 'not a Prometheus metric name; rename the metric where it is measured',
  'label-name':
    'a label name that Prometheus does not allow, or that it keeps for itself; rename the label where it is measured',
  histogram:
    'a histogram whose bounds do not ascend or do not fit its counts; leave it out with `metrics.exclude`, and report it',
  older: 'a page shows one sample of a series, and there is a newer one; let the target give each series once',
  duplicate:
    'the same labels as another sample of this run; the first one is kept; rename one of them in the CI system',
};

/** Samples that were left out, one problem for each reason. */
export function describeOmissions(omissions: readonly Omission[], where: string): readonly Problem[] {
  return describeOmissionReasons(omissions, { reasonTexts, noun: 'sample', where });
}
