/** The error of a request for which the tick has none left. */

/** The tick has no request left. What is left out for that is no problem: it comes first in a later tick. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
}
