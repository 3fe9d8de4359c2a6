/** The small values that a source remembers for its next tick, by name. */
import { isTooLarge } from '../state/bounds.ts';

export interface TickRemembered {
  readonly remember: (name: string, value: unknown) => void;
  /** Restores the former value of what is too large to be kept, and returns how many these were. */
  readonly close: () => number;
}

export function openRemembered(remembered: Map<string, unknown>): TickRemembered {
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
