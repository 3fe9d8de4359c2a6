/** Reads the time on runners of GitHub that stands on the bill of the running month. */
import * as z from 'zod';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import { type ApiContext, createUnaskedError, readAnswer } from '../api/client.ts';
import { parseElements, usageFrame, UsageRecord } from '../api/schema.ts';
import { billedTime } from '../own-metrics.ts';

const Billed = z.object({
  /** The kind of machine, as the bill names it: `Actions Linux`. */
  sku: z.string(),
  seconds: z.number(),
});
export type Billed = z.infer<typeof Billed>;
export const BilledKinds = z.array(Billed);

export interface BillingContext {
  readonly api: ApiContext;
  readonly organization: string;
  readonly nowMs: number;
  readonly countUnreadable: (count: number) => void;
}

/** One request for the whole month: the bill is told by day, repository and kind of machine. @throws HttpError, BudgetSpentError */
export async function readBilling({ api, organization, nowMs, countUnreadable }: BillingContext): Promise<Billed[]> {
  const parameters = findMonth(nowMs);
  const path = `/organizations/${encodeURIComponent(organization)}/settings/billing/usage`;
  const answer = await readAnswer(api, { path, parameters }, usageFrame);
  if (answer === 'unchanged') throw createUnaskedError(api, path);
  const { items, unreadable: count } = parseElements(answer.value, UsageRecord);
  countUnreadable(count);
  const byKind = Map.groupBy(items.filter(isTime), ({ sku }) => makeLabelValue(sku) ?? 'unnamed');
  return [...byKind].map(([sku, rows]) => ({ sku, seconds: 60 * rows.reduce((sum, row) => sum + row.quantity, 0) }));
}

/** The calendar month (UTC) of the bill, as its address takes it: without a leading zero. */
function findMonth(nowMs: number): { readonly year: string; readonly month: string } {
  const now = new Date(nowMs);
  return { year: String(now.getUTCFullYear()), month: String(now.getUTCMonth() + 1) };
}

/** By which readings of one month are told from those of another. */
export function formatMonth(nowMs: number): string {
  const { year, month } = findMonth(nowMs);
  return `${year}-${month}`;
}

/** Storage of artifacts and caches is billed under the same product, by gigabyte hours. */
function isTime({ product, unitType }: UsageRecord): boolean {
  return product.toLowerCase() === 'actions' && unitType.toLowerCase() === 'minutes';
}

export function mapBilling(
  billed: readonly Billed[],
  { source, organization }: { readonly source: string; readonly organization: string },
): MetricFamily {
  return buildGauge(
    billedTime,
    billed.map(({ sku, seconds }) => ({
      labels: { system: 'github', source, scope: organization, sku },
      value: seconds,
    })),
  );
}
