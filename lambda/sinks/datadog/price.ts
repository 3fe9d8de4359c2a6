/** What Datadog charges a month by; a custom metric's price depends on the contract, so there is no sum in dollars. */
import { groupDigits } from '../../model/text/wording.ts';
import type { CostLine } from '../sink.ts';
import type { Point } from './encode/point.ts';
import { formatSeries } from './encode/shown.ts';

/**
 * Documentation, "Custom Metrics Billing": a custom metric is a name with one combination of tag values, counted by the
 * hour and averaged over the month; a distribution is five of them (count, sum, min, max, average).
 */
const metricsPerDistribution = 5;

export function priceMonth(points: readonly Point[]): readonly CostLine[] {
  const distributions = new Set(points.filter(({ kind }) => kind === 'observations').map(formatSeries)).size;
  const others = points.filter(({ kind }) => kind !== 'observations').length;
  const metrics = others + metricsPerDistribution * distributions;
  if (metrics === 0) return [];
  return [
    {
      item: 'Datadog, custom metrics',
      usd: undefined,
      basis: `about ${groupDigits(metrics)} custom metrics (${groupDigits(others)} levels and counts, ${groupDigits(distributions)} distributions × ${String(metricsPerDistribution)}) that may report within an hour, those to which this run adds nothing among them; at the price of your contract and less what its hosts include; points and requests cost nothing`,
    },
  ];
}
