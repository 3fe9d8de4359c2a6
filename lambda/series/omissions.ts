/** Tells which samples never left, one problem for each reason. */
import type { Problem } from '../model/problem.ts';
import { list, plural } from '../model/text/wording.ts';

/** Samples of one metric that are left out. */
export interface Omission<Flaw extends string> {
  readonly metric: string;
  readonly samples: number;
  readonly flaw: Flaw;
}

export interface OmissionWords<Flaw extends string> {
  /** Why, and what to do about it. */
  readonly flaws: Readonly<Record<Flaw, string>>;
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly where: string;
}

export function tellOmissions<Flaw extends string>(
  omissions: readonly Omission<Flaw>[],
  { flaws, noun, where }: OmissionWords<Flaw>,
): readonly Problem[] {
  return [...Map.groupBy(omissions, ({ flaw }) => flaw)].map(([flaw, group]) => {
    const named = group.map(({ metric, samples }) => `${metric} (${plural(samples, noun)})`);
    return { kind: 'rejected', where, message: `left out ${list(named)}: ${flaws[flaw]}` };
  });
}
