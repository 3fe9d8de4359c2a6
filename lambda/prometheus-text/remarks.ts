/** Collects remarks on what is odd on a page that is used all the same. */

export interface Remark {
  /** Where it was first seen, both from 1. */
  readonly line: number;
  readonly column: number;
  /** What is odd, and what was done; quotes at most a few characters of the page. */
  readonly text: string;
  /** Whether a sample was left out for it. */
  readonly isLoss: boolean;
  /** How often it was seen. */
  readonly times: number;
}

export interface Remarks {
  add(position: Pick<Remark, 'line' | 'column'>, text: string, kind?: 'notice' | 'loss'): void;
  /** In the order of the page. */
  all(): readonly Remark[];
}

/** Different ones that are kept: more do not help to mend a page. The others are counted as one. */
const maxRemarks = 50;

/** What was left out of a page, in words for a problem; undefined for nothing. */
export function formatLosses(remarks: readonly Remark[]): string | undefined {
  const losses = remarks.filter(({ isLoss }) => isLoss);
  return losses.length === 0 ? undefined : `left out a part of the page: ${losses.map(formatRemark).join('; ')}`;
}

/** With its place, and how often it was seen. */
export function formatRemark({ line, column, text, times }: Remark): string {
  const often = times === 1 ? '' : ` (${String(times)} times)`;
  return `line ${String(line)}, column ${String(column)}: ${text}${often}`;
}

export function createRemarks(): Remarks {
  const known = new Map<string, Remark>();
  const count = (key: string, first: Remark): void => {
    const before = known.get(key);
    known.set(key, before === undefined ? first : { ...before, times: before.times + 1 });
  };
  return {
    add: ({ line, column }, text, kind = 'notice') => {
      const remark = { line, column, text, isLoss: kind === 'loss', times: 1 };
      const key = `${kind} ${text}`;
      if (known.has(key) || known.size < maxRemarks) count(key, remark);
      else count(`${kind} others`, { ...remark, text: `other ${kind === 'loss' ? 'samples' : 'lines'} that are odd` });
    },
    all: () => [...known.values()],
  };
}
