/** The error for a promise of the counters that a history broke, and how it is thrown. */

/** A promise of the counters that a history broke. */
export class BrokenRuleError extends Error {
  override readonly name = 'BrokenRuleError';
}

/** @throws BrokenRuleError unless the promise is kept. */
export function rule(isKept: boolean, text: string, ...figures: readonly (string | number)[]): void {
  if (!isKept) throw new BrokenRuleError([text, ...figures.map(String)].join(' · '));
}
