/** The list prices of CloudWatch: what custom metrics and requests cost a month. */
import { groupDigits } from '../../model/text/wording.ts';
import { monthMs } from '../../model/time.ts';

/**
 * List prices of CloudWatch, us-east-1, in US dollars, as of November 2026 (aws.amazon.com/cloudwatch/pricing). Other
 * Regions differ by a few percent; what an account has agreed is not known here.
 */

/** Price of a custom metric a month, up to this number of metrics. A metric is a namespace, a name and its dimensions. */
const metricTiers: readonly { readonly upTo: number; readonly usd: number }[] = [
  { upTo: 10_000, usd: 0.3 },
  { upTo: 250_000, usd: 0.1 },
  { upTo: 1_000_000, usd: 0.05 },
  { upTo: Infinity, usd: 0.02 },
];

const usdPerThousandRequests = 0.01;

/** API requests that every account has free each month. */
const freeRequestsPerMonth = 1_000_000;

interface TierShare {
  readonly metrics: number;
  readonly usd: number;
}

function splitTiers(count: number): readonly TierShare[] {
  return metricTiers.flatMap(({ upTo, usd }, index) => {
    const from = metricTiers[index - 1]?.upTo ?? 0;
    const metrics = Math.min(count, upTo) - from;
    return metrics > 0 ? [{ metrics, usd }] : [];
  });
}

/** What this number of custom metrics costs a month, all in one account and Region. */
export function priceMetrics(count: number): number {
  return splitTiers(count).reduce((sum, { metrics, usd }) => sum + metrics * usd, 0);
}

/** `210 metrics × $0.30`, or the sum of its tiers. */
export function explainMetricPrice(count: number): string {
  const shares = splitTiers(count).map(({ metrics, usd }) => `${groupDigits(metrics)} metrics × $${usd.toFixed(2)}`);
  return shares.length === 0 ? 'no metrics' : shares.join(' + ');
}

/** How many requests a month a run's requests become. */
function countMonthlyRequests(requestsPerTick: number, intervalMs: number): number {
  return Math.ceil((monthMs / intervalMs) * requestsPerTick);
}

/** What PutMetricData costs a month beyond the free requests. */
export function priceRequests(requestsPerTick: number, intervalMs: number): number {
  const paid = Math.max(0, countMonthlyRequests(requestsPerTick, intervalMs) - freeRequestsPerMonth);
  return (paid / 1000) * usdPerThousandRequests;
}

/** `1,200,000 requests, the first 1,000,000 free, × $0.01 a thousand`. */
export function explainRequestPrice(requestsPerTick: number, intervalMs: number): string {
  const requests = groupDigits(countMonthlyRequests(requestsPerTick, intervalMs));
  return `${requests} requests, the first ${groupDigits(freeRequestsPerMonth)} free, × $${usdPerThousandRequests.toFixed(2)} a thousand`;
}
