/** Notes what of a batch is not sent as it is, and makes problems of it: one for each reason, with an example. */
import type { Problem } from '../../model/problem.ts';
import { formatList, formatCount, shortenText } from '../../model/text/wording.ts';

/** Samples of one metric that have the same flaw. */
export interface Finding<Reason extends string> {
  readonly reason: Reason;
  /** Under the name that an operator can exclude. */
  readonly metric: string;
  readonly samples: number;
  /** One of them, as it would be sent. */
  readonly example: string;
}

export interface Findings<Reason extends string> {
  /** The example is asked for where it is the first of its kind: nearly all samples are fine. */
  readonly note: (reason: Reason, metric: string, example: () => string) => void;
  readonly list: () => readonly Finding<Reason>[];
}

export function collectFindings<Reason extends string>(): Findings<Reason> {
  const found = new Map<string, Finding<Reason>>();
  return {
    note: (reason, metric, example) => {
      const key = `${reason} ${metric}`;
      const known = found.get(key) ?? { reason, metric, samples: 0, example: example() };
      found.set(key, { ...known, samples: known.samples + 1 });
    },
    list: () => [...found.values()],
  };
}

/** Longest part of a series that a message repeats. Characters. */
const maxExample = 300;

/** A series as a message shows it: a name of two megabytes would be the whole report. */
export function shortenExample(series: string): string {
  return shortenText(series, maxExample);
}

export interface FindingWords<Reason extends string> {
  /** What became of the samples, why, and what to do about it. */
  readonly reasonTexts: Readonly<Record<Reason, string>>;
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly where: string;
}

/** One clash of names is one problem, however many metrics it is in. */
export function describeFindingReasons<Reason extends string>(
  findings: readonly Finding<Reason>[],
  { reasonTexts, noun, where }: FindingWords<Reason>,
): readonly Problem[] {
  return [...Map.groupBy(findings, ({ reason }) => reason)].map(([reason, group]) => {
    const count = group.reduce((sum, { samples }) => sum + samples, 0);
    const metrics = formatList(group.map(({ metric }) => metric));
    const example = shortenExample(group[0]?.example ?? '');
    const message = `${formatCount(count, noun)} of ${metrics}, such as ${example}: ${reasonTexts[reason]}`;
    return { kind: 'rejected', where, message };
  });
}
