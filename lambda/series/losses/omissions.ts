/** Makes problems of the samples that were left out: one for each reason. */
import type { Problem } from '../../model/problem.ts';
import { formatList, formatCount } from '../../model/text/wording.ts';

/** Samples of one metric that are left out. */
export interface Omission<Reason extends string> {
  readonly metric: string;
  readonly samples: number;
  readonly reason: Reason;
}

export interface OmissionWords<Reason extends string> {
  /** Why, and what to do about it. */
  readonly reasonTexts: Readonly<Record<Reason, string>>;
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly where: string;
}

export function describeOmissionReasons<Reason extends string>(
  omissions: readonly Omission<Reason>[],
  { reasonTexts, noun, where }: OmissionWords<Reason>,
): readonly Problem[] {
  return [...Map.groupBy(omissions, ({ reason }) => reason)].map(([reason, group]) => {
    const named = group.map(({ metric, samples }) => `${metric} (${formatCount(samples, noun)})`);
    return { kind: 'rejected', where, message: `left out ${formatList(named)}: ${reasonTexts[reason]}` };
  });
}
