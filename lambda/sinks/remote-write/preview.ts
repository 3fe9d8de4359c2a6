/** Shows what a first run would send, and what it costs a month, without sending it. */
import { compress } from 'snappyjs';
import { splitChunks } from '../../model/lists/split-chunks.ts';
import type { Preview } from '../sink.ts';
import type { SeriesOfBatch } from './encode/encode-series.ts';
import type { RemoteWriteConfig } from './config.ts';
import { chooseFirstVersion } from './send/dialect.ts';
import { encodeMetadataV1, encodeV1 } from './encode/encode-v1.ts';
import { encodeV2 } from './encode/encode-v2.ts';
import { formatSeries } from './encode/format-series.ts';
import { maxMetadataPerRequest } from './limits.ts';
import { priceMonth } from './price.ts';
import { describeOmissions } from './send/problems.ts';

/** What a first run would send: samples, and in 1.0 the metadata; nothing is known that could have ended. */
export function previewSeries(
  { names, omissions, families }: SeriesOfBatch,
  timestampMs: number,
  config: RemoteWriteConfig,
  { intervalMs, where }: { readonly intervalMs: number; readonly where: string },
): Preview {
  const { seriesPerRequest } = config;
  const version = chooseFirstVersion(config);
  const encode = version === '1.0' ? encodeV1 : encodeV2;
  const series = [...names].flatMap((named) => named.series);
  const samples = splitChunks(series, seriesPerRequest).map((piece) => encode(piece, timestampMs));
  const described = version === '1.0' ? families() : [];
  const metadata = splitChunks(described, maxMetadataPerRequest).map(encodeMetadataV1);
  const messages = [...samples, ...metadata];
  return {
    samples: series.length,
    requests: messages.length,
    bytes: messages.reduce((sum, message) => sum + compress(message).byteLength, 0),
    lines: series.map(formatSeries),
    monthlyCost: priceMonth(new URL(config.url), series.length, intervalMs),
    problems: describeOmissions(omissions(), where),
  };
}
