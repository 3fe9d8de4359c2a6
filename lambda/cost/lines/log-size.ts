/** What a run without problems writes to the log of the function. */
import type { CollectorConfig } from '../../config/schema.ts';
import { formatEmbeddedMetrics } from '../../report/embedded-metrics.ts';
import { mapHealth } from '../../report/map-health.ts';
import type { RunReport } from '../../report/report.ts';
import { formatReport } from '../../report/write-report.ts';

export interface LogSize {
  readonly bytes: number;
  /** Custom metrics that CloudWatch makes of it. */
  readonly metrics: number;
}

/** What the logger writes around the fields of a report. */
const envelope = {
  level: 'INFO',
  message: 'run finished',
  timestamp: '2026-01-01T00:00:00.000Z',
  service: 'ci-metrics-collector',
  sampling_rate: 0,
  requestId: '00000000-0000-0000-0000-000000000000',
};

export function estimateLogSize(
  report: RunReport,
  { collectorNamespace }: Pick<CollectorConfig, 'collectorNamespace'>,
): LogSize {
  const { collector, tickMs } = report;
  const embedded = formatEmbeddedMetrics(mapHealth(report), { namespace: collectorNamespace, collector, tickMs });
  const lines = [JSON.stringify({ ...envelope, ...formatReport(report) }), ...embedded];
  return {
    bytes: lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
    metrics: embedded.reduce((sum, line) => sum + countMetrics(line), 0),
  };
}

function countMetrics(line: string): number {
  return line.split('"Unit":').length - 1;
}
