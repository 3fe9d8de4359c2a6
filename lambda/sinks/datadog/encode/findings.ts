/** Notes what of a batch is not sent as it is, and why. */

/**
 * `number`: not a finite one; `size`: larger by itself than a request; `time`: too old or too far ahead; `name`: no name
 * for Datadog; `collision`: another level has the same name and tags there, and is kept; `merged`: another series has
 * them, and both are added up; `cut`: a tag is longer than Datadog keeps.
 */
export type Flaw = 'number' | 'size' | 'time' | 'name' | 'collision' | 'merged' | 'cut';

export interface Finding {
  readonly flaw: Flaw;
  /** Under the name that an operator can exclude. */
  readonly metric: string;
  readonly points: number;
  /** One of them, as it would be sent. */
  readonly example: string;
}

export interface Findings {
  /** The example is asked for where it is the first of its kind: nearly all points are fine. */
  readonly note: (flaw: Flaw, metric: string, example: () => string) => void;
  readonly list: () => readonly Finding[];
}

export function collectFindings(): Findings {
  const found = new Map<string, Finding>();
  return {
    note: (flaw, metric, example) => {
      const key = `${flaw} ${metric}`;
      const known = found.get(key) ?? { flaw, metric, points: 0, example: example() };
      found.set(key, { ...known, points: known.points + 1 });
    },
    list: () => [...found.values()],
  };
}
