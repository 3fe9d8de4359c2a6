import { gzipSync } from 'node:zlib';
import type { Batch } from '../../model/batch.ts';
import type { CostLine, Preview } from '../sink.ts';
import type { CloudWatchConfig } from './config.ts';
import { type Datum, datumText, describe } from './encode/datum.ts';
import { encode } from './encode/encode-datums.ts';
import { compressedFromBytes } from './limits.ts';
import { metricCostBasis, monthlyMetricCost, monthlyRequestCost, requestCostBasis } from './price.ts';
import { type PutRequest, splitRequests } from './encode/split-requests.ts';

export interface PreviewSettings {
  readonly config: CloudWatchConfig;
  /** Name of the deployment. */
  readonly collector: string;
  readonly intervalMs: number;
}

/** What `write` would send and what it costs a month: the same encoder, without the client. */
export function previewOf(
  batch: Batch,
  { config, collector, intervalMs }: PreviewSettings,
  laterHealth: Batch['health'] = batch.health,
): Preview {
  const later = { ...batch, health: laterHealth };
  const encoding = encode(batch, { config, collector, intervalMs });
  const datums = [...encoding.datums];
  const metrics = metricsIn([...encode(later, { config, collector, intervalMs, unchanged: 'include' }).datums]);
  const requests = [...splitRequests(datums, (datum) => datumText(datum, batch.tickMs))];
  return {
    samples: datums.length,
    requests: requests.length,
    bytes: requests.reduce((sum, request) => sum + sentBytes(request), 0),
    lines: datums.map(lineOf),
    monthlyCost: costOf(metrics, requests.length, intervalMs),
    customMetrics: { count: metrics, includesOwn: config.collectorMetrics === 'api' },
    problems: encoding.problems(),
  };
}

function lineOf(datum: Datum): string {
  return `${describe(datum)} ${valueText(datum.value)} ${datum.unit}`;
}

function valueText(value: Datum['value']): string {
  if (typeof value === 'number') return String(value);
  const total = value.counts.reduce((sum, count) => sum + count, 0);
  const [smallest, largest] = [value.values.at(0), value.values.at(-1)];
  return `${String(total)} observations from ${String(smallest)} to ${String(largest)}`;
}

/** Large bodies are compressed by the SDK; the same compression gives the same size. */
function sentBytes({ body }: PutRequest): number {
  return (body.byteLength < compressedFromBytes ? body : gzipSync(body)).byteLength;
}

function metricsIn(datums: readonly Datum[]): number {
  return new Set(datums.map(describe)).size;
}

function costOf(metrics: number, requests: number, intervalMs: number): readonly CostLine[] {
  return [
    { item: 'custom metrics', usd: monthlyMetricCost(metrics), basis: metricCostBasis(metrics) },
    {
      item: 'PutMetricData requests',
      usd: monthlyRequestCost(requests, intervalMs),
      basis: requestCostBasis(requests, intervalMs),
    },
  ];
}
