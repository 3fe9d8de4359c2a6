/** What Bitbucket says of its request limits. */
import type { BudgetRules } from '../../../crawl/tick-budget.ts';

/** Atlassian support, "API request limits": what every credential may send in an hour, and the most that is ever given. */
export const budgetRules: BudgetRules = {
  usualPerHour: 1000,
  // Less than this is the limit of requests without a credential.
  plausible: { least: 100, most: 10_000 },
  reservedShare: 0,
};
