/** What a month of points is charged by; the price itself is not known here. */
import { groupDigits } from '../../model/text/wording.ts';
import type { CostLine } from '../sink.ts';
import { monthMs } from '../../model/time.ts';

export function priceMonth(pointsPerRun: number, intervalMs: number): readonly CostLine[] {
  const points = Math.round((pointsPerRun * monthMs) / intervalMs);
  return [
    {
      item: 'Google Cloud Monitoring, ingestion',
      usd: undefined,
      basis: `about ${groupDigits(points)} points; Google charges custom metrics by what is ingested, see its price list`,
    },
  ];
}
