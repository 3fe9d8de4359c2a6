/** What the alarms of a stack cost. */
import type { CostLine } from '../../sinks/sink.ts';
import { groupDigits } from '../../model/text/wording.ts';
import { prices } from '../prices.ts';

export interface AlarmCount {
  /** Alarms on metrics that are named. */
  readonly alarms: number;
  /** The metrics that these look at: an expression over two costs twice. */
  readonly metrics: number;
  /** Series that Metrics Insights queries find: each is charged as a metric of an alarm. */
  readonly scanned: number;
  /** On what is stored by OTLP. */
  readonly promql: number;
  /** On the states of others. */
  readonly composite: number;
}

export function priceAlarms({ alarms, metrics, scanned, promql, composite }: AlarmCount): readonly CostLine[] {
  const each = `$${prices.alarmMetric.toFixed(2)}`;
  return [
    {
      item: 'alarms on metrics',
      usd: metrics * prices.alarmMetric,
      basis: `${groupDigits(alarms)} alarms that look at ${groupDigits(metrics)} metrics × ${each}`,
    },
    ...(scanned === 0
      ? []
      : [
          {
            item: 'alarms on all queues',
            usd: scanned * prices.alarmMetric,
            basis: `${groupDigits(scanned)} series that their queries find × ${each}`,
          },
        ]),
    ...(promql === 0
      ? []
      : [
          {
            item: 'alarms in PromQL',
            usd: undefined,
            basis: `${groupDigits(promql)} alarms on what is stored by OTLP; their price is not published`,
          },
        ]),
    ...(composite === 0
      ? []
      : [
          {
            item: 'composite alarms',
            usd: composite * prices.compositeAlarm,
            basis: `${groupDigits(composite)} × $${prices.compositeAlarm.toFixed(2)}`,
          },
        ]),
  ];
}
