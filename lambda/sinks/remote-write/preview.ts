import { compress } from 'snappyjs';
import { chunks } from '../../series/cut-requests.ts';
import type { Preview } from '../sink.ts';
import type { SeriesOfBatch } from './encode/encode-series.ts';
import type { RemoteWriteConfig } from './config.ts';
import { firstVersionOf } from './send/dialect.ts';
import { encodeMetadataV1, encodeV1 } from './encode/encode-v1.ts';
import { encodeV2 } from './encode/encode-v2.ts';
import { shownSeries } from './encode/format-series.ts';
import { maxMetadataPerRequest } from './send/metadata.ts';
import { monthlyCostOf } from './price.ts';
import { problemsOfOmissions } from './send/problems.ts';

/** What a first run would send: samples, and in 1.0 the metadata; nothing is known that could have ended. */
export function previewOf(
  { names, omissions, families }: SeriesOfBatch,
  timestampMs: number,
  config: RemoteWriteConfig,
  { intervalMs, where }: { readonly intervalMs: number; readonly where: string },
): Preview {
  const { seriesPerRequest } = config;
  const version = firstVersionOf(config);
  const encode = version === '1.0' ? encodeV1 : encodeV2;
  const series = [...names].flatMap((named) => named.series);
  const samples = chunks(series, seriesPerRequest).map((piece) => encode(piece, timestampMs));
  const described = version === '1.0' ? families() : [];
  const metadata = chunks(described, maxMetadataPerRequest).map(encodeMetadataV1);
  const messages = [...samples, ...metadata];
  return {
    samples: series.length,
    requests: messages.length,
    bytes: messages.reduce((sum, message) => sum + compress(message).byteLength, 0),
    lines: series.map(shownSeries),
    monthlyCost: monthlyCostOf(new URL(config.url), series.length, intervalMs),
    problems: problemsOfOmissions(omissions(), where),
  };
}
