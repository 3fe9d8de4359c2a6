/** What a month of a configuration costs at the backend's list price; a backend without one has no such file. */
import type { CostLine } from '../../lambda/sinks/sink.ts';
import { monthMs } from '../../lambda/model/time.ts';

/** Price list of the example, first tier. */
const usdPerMillionPoints = 0.1;

export function priceMonth(pointsPerRun: number, intervalMs: number): readonly CostLine[] {
  const points = Math.round((pointsPerRun * monthMs) / intervalMs);
  return [
    {
      item: 'points',
      usd: (points / 1_000_000) * usdPerMillionPoints,
      basis: `${points.toLocaleString('en-US')} points × $${usdPerMillionPoints.toFixed(2)} per million (list price)`,
    },
  ];
}
