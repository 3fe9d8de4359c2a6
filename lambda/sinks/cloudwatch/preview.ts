/** Shows what a delivery would send, and what it costs a month: the same encoder, without the client. */
import type { Batch } from '../../model/batch.ts';
import type { CostLine, Preview } from '../sink.ts';
import type { CloudWatchConfig } from './config.ts';
import { compressBody } from './encode/compress-body.ts';
import { type Datum, createDatumWriter, formatSeries } from './encode/datum.ts';
import { encodeDatums } from './encode/encode-datums.ts';
import { explainMetricPrice, priceMetrics, priceRequests, explainRequestPrice } from './price.ts';
import { type PutRequest, splitRequests } from './encode/split-requests.ts';

export interface PreviewSettings {
  readonly config: CloudWatchConfig;
  /** Name of the deployment. */
  readonly collector: string;
  readonly intervalMs: number;
}

/** What `write` would send and what it costs a month: the same encoder, without the client. */
export function previewDatums(
  batch: Batch,
  { config, collector, intervalMs }: PreviewSettings,
  laterHealth: Batch['health'] = batch.health,
): Preview {
  const later = { ...batch, health: laterHealth };
  const encoding = encodeDatums(batch, { config, collector, intervalMs });
  const datums = [...encoding.datums];
  const metrics = countMetrics([
    ...encodeDatums(later, { config, collector, intervalMs, unchanged: 'include' }).datums,
  ]);
  const requests = [...splitRequests(datums, createDatumWriter(batch.tickMs))];
  return {
    samples: datums.length,
    requests: requests.length,
    bytes: requests.reduce((sum, request) => sum + measureSentBytes(request), 0),
    lines: datums.map(formatLine),
    monthlyCost: priceMonth(metrics, requests.length, intervalMs),
    customMetrics: { count: metrics, includesOwn: config.collectorMetrics === 'api' },
    problems: encoding.problems(),
  };
}

function formatLine(datum: Datum): string {
  return `${formatSeries(datum)} ${formatValue(datum.value)} ${datum.unit}`;
}

function formatValue(value: Datum['value']): string {
  if (typeof value === 'number') return String(value);
  const total = value.counts.reduce((sum, count) => sum + count, 0);
  const [smallest, largest] = [value.values.at(0), value.values.at(-1)];
  return `${String(total)} observations from ${String(smallest)} to ${String(largest)}`;
}

function measureSentBytes({ body }: PutRequest): number {
  return compressBody(body).body.byteLength;
}

function countMetrics(datums: readonly Datum[]): number {
  return new Set(datums.map(formatSeries)).size;
}

function priceMonth(metrics: number, requests: number, intervalMs: number): readonly CostLine[] {
  return [
    { item: 'custom metrics', usd: priceMetrics(metrics), basis: explainMetricPrice(metrics) },
    {
      item: 'PutMetricData requests',
      usd: priceRequests(requests, intervalMs),
      basis: explainRequestPrice(requests, intervalMs),
    },
  ];
}
