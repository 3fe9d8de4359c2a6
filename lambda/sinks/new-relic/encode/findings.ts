/** Notes what of a batch is not sent as it is, and why. */

/**
 * `number`: not a finite one; `size`: larger by itself than a request; `time`: too old or too far ahead; `name`: longer
 * than New Relic takes; `attributes`: more than it takes of a metric; `setting`: an attribute of the settings has the
 * name of the metric; `collision`: another level has the same attributes once they are cut, and is kept; `renamed`: a
 * label may not be called so; `cut`: a value is longer than New Relic keeps.
 */
export type Flaw = 'number' | 'size' | 'time' | 'name' | 'attributes' | 'setting' | 'collision' | 'renamed' | 'cut';

export interface Finding {
  readonly flaw: Flaw;
  /** Under the name that an operator can exclude. */
  readonly metric: string;
  readonly samples: number;
  /** One of them, as it would be sent. */
  readonly example: string;
}

export interface Findings {
  readonly note: (flaw: Flaw, metric: string, example: string) => void;
  readonly list: () => readonly Finding[];
}

export function collectFindings(): Findings {
  const found = new Map<string, Finding>();
  return {
    note: (flaw, metric, example) => {
      const key = `${flaw} ${metric}`;
      const known = found.get(key) ?? { flaw, metric, samples: 0, example };
      found.set(key, { ...known, samples: known.samples + 1 });
    },
    list: () => [...found.values()],
  };
}
