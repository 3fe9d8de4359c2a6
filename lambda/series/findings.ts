/** Notes what of a batch is not sent as it is, and tells it: one problem for each reason, with an example. */
import type { Problem } from '../model/problem.ts';
import { list, plural, shorten } from '../model/text/wording.ts';

/** Samples of one metric that have the same flaw. */
export interface Finding<Flaw extends string> {
  readonly flaw: Flaw;
  /** Under the name that an operator can exclude. */
  readonly metric: string;
  readonly samples: number;
  /** One of them, as it would be sent. */
  readonly example: string;
}

export interface Findings<Flaw extends string> {
  /** The example is asked for where it is the first of its kind: nearly all samples are fine. */
  readonly note: (flaw: Flaw, metric: string, example: () => string) => void;
  readonly list: () => readonly Finding<Flaw>[];
}

export function collectFindings<Flaw extends string>(): Findings<Flaw> {
  const found = new Map<string, Finding<Flaw>>();
  return {
    note: (flaw, metric, example) => {
      const key = `${flaw} ${metric}`;
      const known = found.get(key) ?? { flaw, metric, samples: 0, example: example() };
      found.set(key, { ...known, samples: known.samples + 1 });
    },
    list: () => [...found.values()],
  };
}

/** Longest part of a series that a message repeats. */
const maxExample = 300;

export interface FindingWords<Flaw extends string> {
  /** What became of the samples, why, and what to do about it. */
  readonly flaws: Readonly<Record<Flaw, string>>;
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly where: string;
}

/** One clash of names is one problem, however many metrics it is in. */
export function tellFindings<Flaw extends string>(
  findings: readonly Finding<Flaw>[],
  { flaws, noun, where }: FindingWords<Flaw>,
): readonly Problem[] {
  return [...Map.groupBy(findings, ({ flaw }) => flaw)].map(([flaw, group]) => {
    const count = group.reduce((sum, { samples }) => sum + samples, 0);
    const metrics = list(group.map(({ metric }) => metric));
    const example = shorten(group[0]?.example ?? '', maxExample);
    const message = `${plural(count, noun)} of ${metrics}, such as ${example}: ${flaws[flaw]}`;
    return { kind: 'rejected', where, message };
  });
}

export interface Unsendable {
  /** Increases for which it is too late. */
  readonly old: number;
  /** Increases that were kept in a shape that is not known. */
  readonly unreadable: number;
}

/** Increases of earlier runs that cannot be sent any more. `range`: which times the backend takes. */
export function tellUnsendable({ old, unreadable }: Unsendable, range: string, where: string): readonly Problem[] {
  const late = `${plural(old, 'increase')} of earlier runs lost: ${range}; find out from the problems of those runs why they could not be sent`;
  const unknown = `${plural(unreadable, 'increase')} of earlier runs lost, which were kept in a shape that is not known; please report it`;
  return [
    ...(old > 0 ? [{ kind: 'rejected', where, message: late } as const] : []),
    ...(unreadable > 0 ? [{ kind: 'bug', where, message: unknown } as const] : []),
  ];
}
