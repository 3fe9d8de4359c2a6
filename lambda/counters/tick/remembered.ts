/** What a source itself writes down for its next tick, by name. */
import { isTooLarge } from '../state/bounds.ts';

export interface KeptBook {
  readonly remember: (name: string, value: unknown) => void;
  /** Takes back what is too large to be kept, and tells how many that were. */
  readonly close: () => number;
}

export function keptBook(remembered: Map<string, unknown>): KeptBook {
  const before = new Map<string, unknown>();
  return {
    remember: (name, value) => {
      if (!before.has(name)) before.set(name, remembered.get(name));
      remembered.set(name, value);
    },
    close: () => {
      const tooLarge = [...before].filter(([name]) => isTooLarge(remembered.get(name)));
      // The last one that fitted is better than none.
      for (const [name, value] of tooLarge) remembered.set(name, value);
      return tooLarge.length;
    },
  };
}
