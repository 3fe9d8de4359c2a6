/** What GitHub says of its request limits. */
import type { BudgetRules } from '../../../crawl/tick-budget.ts';

/** GitHub docs, "Rate limits for the REST API": a user and the smallest installation of an App have 5,000 an hour. */
export const budgetRules: BudgetRules = {
  usualPerHour: 5000,
  // 60 is the limit of requests without a credential; an Enterprise Server may set any.
  plausible: { least: 100, most: 100_000 },
  // A token shares its limit with all that its user does, and going on at a limit may end in a ban.
  reservedShare: 0.05,
};
