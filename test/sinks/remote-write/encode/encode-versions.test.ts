/** Tests of the bytes of remote write 1.0 and 2.0, with golden vectors. */
import { compress } from 'snappyjs';
import { describe, expect, it } from 'vitest';
import { encodeMetadataV1, encodeV1 } from '../../../../lambda/sinks/remote-write/encode/encode-v1.ts';
import { encodeV2 } from '../../../../lambda/sinks/remote-write/encode/encode-v2.ts';
import { type Series, createStaleMarker } from '../../../../lambda/sinks/remote-write/encode/series.ts';
import { decodeV1, decodeV2, staleBits, uncompress } from '../../../support/backends/remote-write-decode.ts';

const timestampMs = 1_700_000_000_000;
const family = { name: 'ci_up', type: 'gauge', help: 'help text', unit: '' } as const;

function seriesOf(labels: readonly string[], value: number, more: Partial<Series> = {}): Series {
  return { labels, family, value, startMs: undefined, isStale: false, ...more };
}

const ciUp = seriesOf(['__name__', 'ci_up', 'job', 'ci'], 1);
const ended = createStaleMarker(['__name__', 'ci_up'], family);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Vectors made by other implementations from the same input; the message's bytes and its literal-only snappy form. */
const vectors = [
  {
    name: 'a gauge in 1.0',
    encoded: encodeV1([ciUp], timestampMs),
    message: '0a300a110a085f5f6e616d655f5f120563695f75700a090a036a6f6212026369121009000000000000f03f1080d095ffbc31',
    literalPrefix: '32c4',
  },
  {
    name: 'a stale marker in 1.0',
    encoded: encodeV1([ended], timestampMs),
    message: '0a250a110a085f5f6e616d655f5f120563695f7570121009020000000000f07f1080d095ffbc31',
    literalPrefix: '2798',
  },
  {
    name: 'a gauge in 2.0',
    encoded: encodeV2([ciUp], timestampMs),
    message:
      '220022085f5f6e616d655f5f220563695f757022036a6f6222026369220968656c7020746578742a1e0a0401020304121009000000000000f03f1080d095ffbc312a0408021805',
    literalPrefix: '47f046',
  },
];

describe('the golden vectors', () => {
  it.each(vectors)('encodes $name byte for byte', ({ encoded, message }) => {
    expect(hex(encoded)).toBe(message);
  });

  it.each(vectors)('reads $name back from both forms of snappy', ({ encoded, literalPrefix }) => {
    const literalOnly = Buffer.concat([Buffer.from(literalPrefix, 'hex'), encoded]);

    expect(hex(uncompress(literalOnly))).toBe(hex(encoded));
    expect(hex(uncompress(compress(encoded)))).toBe(hex(encoded));
  });
});

describe('values', () => {
  it.each([
    ['an ordinary NaN', NaN, 0x7ff8000000000001n],
    ['plus infinity', Infinity, 0x7ff0000000000000n],
    ['minus infinity', -Infinity, 0xfff0000000000000n],
    ['minus zero', -0, 0x8000000000000000n],
    ['the largest number', Number.MAX_VALUE, 0x7fefffffffffffffn],
  ])('writes %s with its exact bits in both versions', (_, value, bits) => {
    const series = [seriesOf(['__name__', 'ci_up'], value)];

    const inV1 = decodeV1(encodeV1(series, timestampMs));
    const inV2 = decodeV2(encodeV2(series, timestampMs));

    expect(inV1.series[0]?.samples[0]?.bits).toBe(bits);
    expect(inV2.series[0]?.samples[0]?.bits).toBe(bits);
  });

  it('writes the marker as signalling NaN in 2.0 too, without a start time', () => {
    const { series } = decodeV2(encodeV2([{ ...ended, startMs: 5 }], timestampMs));

    expect(series[0]?.samples).toMatchObject([{ bits: staleBits, startMs: 0 }]);
  });

  it('gives a running total its start time in 2.0', () => {
    const total = seriesOf(['__name__', 'ci_jobs_total'], 7, { startMs: 1_690_000_000_123 });

    const { series } = decodeV2(encodeV2([total], timestampMs));

    expect(series[0]?.samples).toMatchObject([{ value: 7, timestampMs, startMs: 1_690_000_000_123 }]);
  });
});

describe('exemplars', () => {
  const exemplar = {
    labels: { build_url: 'https://buildkite.com/acme/web/builds/42', commit: '0123456789ab' },
    value: 12.25,
    timestampMs: timestampMs - 1500,
  };
  const bucket = (le: string, more: Partial<Series> = {}): Series =>
    seriesOf(['__name__', 'ci_run_duration_seconds_bucket', 'le', le], 7, more);
  const series = [bucket('10'), bucket('60', { exemplar }), bucket('+Inf', { exemplar })];
  const labels = Object.entries(exemplar.labels);

  it.each([
    ['1.0', () => decodeV1(encodeV1(series, timestampMs))],
    ['2.0', () => decodeV2(encodeV2(series, timestampMs))],
  ])('are read back from %s with their own time, beside their sample', (_, decoded) => {
    const own = { labels, value: 12.25, timestampMs: timestampMs - 1500 };

    expect(decoded().series.map(({ exemplars }) => exemplars)).toEqual([[], [own], [own]]);
    expect(decoded().series.map(({ samples }) => samples.map(({ value }) => value))).toEqual([[7], [7], [7]]);
  });

  it('have their texts among the symbols of 2.0 once', () => {
    const { symbols } = decodeV2(encodeV2(series, timestampMs));

    expect(symbols.filter((text) => text.startsWith('https://'))).toHaveLength(1);
    expect(new Set(symbols).size).toBe(symbols.length);
  });

  it('without a time get that of the sample', () => {
    const { labels: own, value } = exemplar;
    const undated = [bucket('10', { exemplar: { labels: own, value } })];

    expect(decodeV1(encodeV1(undated, timestampMs)).series[0]?.exemplars[0]?.timestampMs).toBe(timestampMs);
    expect(decodeV2(encodeV2(undated, timestampMs)).series[0]?.exemplars[0]?.timestampMs).toBe(timestampMs);
  });
});

describe('metadata', () => {
  const wait = { name: 'ci_job_wait_seconds', type: 'histogram', help: 'Wait.', unit: 'seconds' } as const;

  it('stands alone in a 1.0 request, under the numbers of the schema', () => {
    const decoded = decodeV1(encodeMetadataV1([family, wait]));

    expect(decoded.series).toEqual([]);
    expect(decoded.metadata).toEqual([
      { type: 'GAUGE', name: 'ci_up', help: 'help text', unit: '' },
      { type: 'HISTOGRAM', name: 'ci_job_wait_seconds', help: 'Wait.', unit: 'seconds' },
    ]);
  });

  it('stands beside each series in 2.0, its texts among the symbols once', () => {
    const series = [1, 2].map((value) =>
      seriesOf(['__name__', 'ci_job_wait_seconds_count', 'queue', `q${String(value)}`], value, { family: wait }),
    );

    const decoded = decodeV2(encodeV2(series, timestampMs));

    expect(decoded.series.map(({ metadata }) => metadata)).toEqual([
      { type: 'METRIC_TYPE_HISTOGRAM', help: 'Wait.', unit: 'seconds' },
      { type: 'METRIC_TYPE_HISTOGRAM', help: 'Wait.', unit: 'seconds' },
    ]);
    expect(decoded.symbols[0]).toBe('');
    expect(new Set(decoded.symbols).size).toBe(decoded.symbols.length);
  });
});

it('a start that is no time is not written in 2.0', () => {
  const labels = ['__name__', 'ci_jobs_total'];

  for (const startMs of [NaN, Infinity, 0.5])
    expect(encodeV2([seriesOf(labels, 1, { startMs })], timestampMs)).toEqual(
      encodeV2([seriesOf(labels, 1)], timestampMs),
    );
});
