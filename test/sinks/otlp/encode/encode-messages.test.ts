/** Tests of writing OTLP messages in protobuf and JSON, byte by byte and read back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { version } from '../../../../lambda/version.ts';
import { encodeJson } from '../../../../lambda/sinks/otlp/encode/encode-json.ts';
import type { MessageSettings } from '../../../../lambda/sinks/otlp/encode/message.ts';
import {
  createEndMarker,
  type Point,
  type PointMetric,
  type PointValue,
} from '../../../../lambda/sinks/otlp/encode/points/point.ts';
import { encodeProtobuf } from '../../../../lambda/sinks/otlp/encode/encode-protobuf.ts';
import { buildResources } from '../../../../lambda/sinks/otlp/encode/resource.ts';
import {
  decodeJson,
  type DecodedPoint,
  decodeProtobuf,
  recordOf,
  seriesIn,
} from '../../../support/backends/otlp-decode.ts';

const resources = buildResources({ collector: 'ci', attributes: {}, naming: 'semconv' });
const settings: MessageSettings = { resources, temporality: 'cumulative', timestampMs: 1_700_000_000_123 };

function metric(more: Partial<PointMetric> = {}): PointMetric {
  return { name: 'm', description: '', unit: '', kind: 'gauge', numbers: 'double', resource: 'collector', ...more };
}

function point(family: PointMetric, value: PointValue, more: Partial<Point> = {}): Point {
  return { labels: [], family, startMs: undefined, value, isStale: false, ...more };
}

const number = (value: number): PointValue => ({ type: 'number', value });

/** A field whose value is a message: tag, length and the fields in it, as hex. */
function field(tag: string, ...inner: readonly string[]): string {
  const body = inner.join('');
  return `${tag}${Buffer.from([body.length / 2]).toString('hex')}${body}`;
}

function hexOf(value: string): string {
  return Buffer.from(value).toString('hex');
}

/** `key = value`, in a field of its own. */
function attribute(tag: string, key: string, value: string): string {
  return field(tag, field('0a', hexOf(key)), field('12', field('0a', hexOf(value))));
}

describe('bytes', () => {
  const plain = buildResources({ collector: 'c', attributes: {}, naming: 'ci' });
  const own = { ...plain.collector, attributes: ['k', 'v'], schemaUrl: 'u' };
  const small: MessageSettings = { resources: { ...plain, collector: own }, temporality: 'cumulative', timestampMs: 2 };
  // 1 ms and 2 ms as nanoseconds, fixed64: little-endian.
  const times = '1140420f0000000000' + '1980841e0000000000';
  const scope = field('0a', field('0a', hexOf('ci-metrics-collector')), field('12', hexOf(version)));

  /** What stands around a metric, from the inside: scope, resource, request. */
  function requestWith(metricBytes: string): string {
    const resource = field('0a', attribute('0a', 'k', 'v'));
    return longField('0a', resource, longField('12', scope, metricBytes), field('1a', hexOf('u')));
  }

  /** As `field`, for a length that may take two bytes. */
  function longField(tag: string, ...inner: readonly string[]): string {
    const length = inner.join('').length / 2;
    const written = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7];
    return `${tag}${Buffer.from(written).toString('hex')}${inner.join('')}`;
  }

  it('are those of the field numbers, for a counter', () => {
    const family = metric({ name: 'a', unit: 's', kind: 'counter' });
    const message = encodeProtobuf([point(family, number(1.5), { labels: ['q', 'x'], startMs: 1 })], small);

    // NumberDataPoint: attribute 7, start 2, time 3, as_double 4; Sum: data_points 1, temporality 2, is_monotonic 3.
    const numberPoint = field('0a', attribute('3a', 'q', 'x'), times, '21000000000000f83f');
    const expected = field(
      '12',
      field('0a', hexOf('a')),
      field('1a', hexOf('s')),
      field('3a', numberPoint, '1002', '1801'),
    );
    expect(Buffer.from(message).toString('hex')).toBe(requestWith(expected));
  });

  it('are those of the field numbers, for a histogram', () => {
    const family = metric({ name: 'h', kind: 'histogram' });
    const value: PointValue = { type: 'histogram', bounds: [1], counts: [2, 1], sum: 1.5 };
    const message = encodeProtobuf([point(family, value, { startMs: 1 })], small);

    // HistogramDataPoint: start 2, time 3, count 4, sum 5, bucket_counts 6, explicit_bounds 7; all of 8 bytes.
    const histogramPoint = field(
      '0a',
      times,
      '210300000000000000',
      '29000000000000f83f',
      field('32', '02000000000000000100000000000000'),
      field('3a', '000000000000f03f'),
    );
    const expected = field('12', field('0a', hexOf('h')), field('4a', histogramPoint, '1002'));
    expect(Buffer.from(message).toString('hex')).toBe(requestWith(expected));
  });

  it('are those of the field numbers, for a series that ends', () => {
    const family = metric({ name: 'g' });
    const message = encodeProtobuf([createEndMarker(['q', 'x'], family)], small);

    const ended = field('0a', attribute('3a', 'q', 'x'), '1980841e0000000000', '4001');
    expect(Buffer.from(message).toString('hex')).toBe(
      requestWith(field('12', field('0a', hexOf('g')), field('2a', ended))),
    );
  });
});

function numberIn(read: DecodedPoint): number | undefined {
  if ('asInt' in read && read.asInt !== undefined) return Number(read.asInt);
  return 'asDouble' in read ? read.asDouble : undefined;
}

/** Text as receivers take it; broken surrogates are a matter of the attributes, not of the encoders. */
const text = fc.string({ unit: 'grapheme', maxLength: 12 }).map((value) => value.toWellFormed());
const name = text.filter((value) => value !== '');
const labels = fc.dictionary(name, name, { maxKeys: 4 }).map((record) =>
  Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat(),
);
const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const count = fc.nat({ max: 2 ** 31 });
const double = fc.double({ noDefaultInfinity: false }).map((value) => (Object.is(value, -0) ? 0 : value));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value));
const exemplars = fc.array(
  fc.record({ labels: fc.dictionary(name, name, { maxKeys: 2 }), value: finite, timestampMs: time }),
  { maxLength: 2 },
);

const buckets = fc.record({ offset: fc.integer({ min: -2000, max: 2000 }), counts: fc.array(count, { maxLength: 5 }) });
const values = {
  number: double.map(number),
  histogram: fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 5 }).chain((raw) => {
    const bounds = [...new Set(raw)].sort((a, b) => a - b);
    const size = { minLength: bounds.length + 1, maxLength: bounds.length + 1 };
    return fc
      .record({ counts: fc.array(count, size), sum: finite, min: finite, max: finite })
      .map((rest): PointValue => ({ type: 'histogram', bounds, ...rest }));
  }),
  exponential: fc
    .record({
      scale: fc.integer({ min: -10, max: 20 }),
      zeroCount: count,
      positive: buckets,
      negative: buckets,
      count,
      sum: finite,
      min: finite,
      max: finite,
    })
    .map((value): PointValue => ({ type: 'exponential', ...value })),
  summary: fc
    .record({
      count,
      sum: finite,
      quantiles: fc.array(fc.record({ quantile: fc.double({ min: 0, max: 1, noNaN: true }), value: finite }), {
        maxLength: 3,
      }),
    })
    .map((value): PointValue => ({ type: 'summary', ...value })),
};

const families: fc.Arbitrary<readonly Point[]> = fc
  .record({
    name,
    description: text,
    unit: text,
    kind: fc.constantFrom('gauge', 'up-down', 'counter', 'histogram', 'exponential', 'summary'),
    numbers: fc.constantFrom('int', 'double'),
    resource: fc.constantFrom('collector', 'buildkite'),
  })
  .chain((family) => {
    const value =
      family.kind === 'histogram' || family.kind === 'exponential' || family.kind === 'summary'
        ? values[family.kind]
        : values.number;
    const live = fc
      .record({ labels, startMs: fc.option(time, { nil: undefined }), value, exemplars })
      .map((rest): Point => ({
        ...rest,
        family,
        isStale: false,
        ...(family.kind === 'summary' ? { exemplars: [] } : {}),
      }));
    const ended = labels.map((own) => createEndMarker(own, family));
    return fc.array(fc.oneof({ weight: 4, arbitrary: live }, ended), { minLength: 1, maxLength: 5 });
  });

describe('any points', () => {
  it('are the same in protobuf as in JSON, which are two encoders', () => {
    fc.assert(
      fc.property(
        fc.array(families, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('cumulative', 'delta'),
        (groups, temporality) => {
          const points = groups.flat();
          const message = { ...settings, temporality };

          const [binary, json] = [
            decodeProtobuf(encodeProtobuf(points, message)),
            decodeJson(encodeJson(points, message)),
          ];

          expect(binary).toEqual(json);
        },
      ),
    );
  });

  it('come back with their attributes, times, values and what is told of their metric', () => {
    fc.assert(
      fc.property(families, (points) => {
        const read = seriesIn(decodeProtobuf(encodeProtobuf(points, settings)));

        expect(read).toHaveLength(points.length);
        for (const [index, { family, labels: own, startMs = 0, isStale, value }] of points.entries()) {
          const one = read[index];
          expect(one?.metric).toMatchObject({ name: family.name, description: family.description, unit: family.unit });
          expect(one?.point.attributes.flatMap(({ key, value: v }) => [key, v.stringValue])).toEqual(own);
          expect(one?.point.startTimeUnixNano).toBe(
            String(BigInt(Math.min(startMs, settings.timestampMs)) * 1_000_000n),
          );
          expect(one?.point.timeUnixNano).toBe('1700000000123000000');
          expect(one?.point.flags).toBe(isStale ? 1 : 0);
          if (isStale || value.type !== 'number' || one === undefined) continue;
          expect(numberIn(one.point)).toBe(value.value);
        }
      }),
    );
  });
});

describe('a message', () => {
  it('has a resource for each of those that its points are from, and each metric once', () => {
    const [a, b] = [metric({ name: 'a' }), metric({ name: 'b', resource: 'buildkite' })];
    const points = [
      point(a, number(1), { labels: ['q', '1'] }),
      point(a, number(2), { labels: ['q', '2'] }),
      point(b, number(3)),
    ];

    const { resourceMetrics } = decodeProtobuf(encodeProtobuf(points, settings));

    expect(resourceMetrics.map(({ resource }) => recordOf(resource.attributes)['service.namespace'])).toEqual([
      undefined,
      'buildkite',
    ]);
    expect(
      resourceMetrics.map(({ scopeMetrics }) => scopeMetrics.map(({ metrics }) => metrics.map((m) => m.name))),
    ).toEqual([[['a']], [['b']]]);
    expect(resourceMetrics.map(({ schemaUrl }) => schemaUrl)).toEqual(
      Array(2).fill('https://opentelemetry.io/schemas/1.43.0'),
    );
    // Buildkite's own names are of no convention.
    expect(resourceMetrics.map(({ scopeMetrics }) => scopeMetrics[0]?.schemaUrl)).toEqual([
      'https://opentelemetry.io/schemas/1.43.0',
      '',
    ]);
  });

  it('writes whole numbers of an integer metric as integers, and what is none as a double', () => {
    const family = metric({ numbers: 'int' });
    const read = seriesIn(
      decodeProtobuf(
        encodeProtobuf(
          [point(family, number(3)), point(family, number(2 ** 60)), point(family, number(NaN))],
          settings,
        ),
      ),
    );

    expect(read.map(({ point: own }) => own)).toMatchObject([{ asInt: '3' }, { asDouble: 2 ** 60 }, { asDouble: NaN }]);
  });

  it('tells a level that may fall as a cumulative sum that is not monotonic, whatever the temporality', () => {
    const points = [point(metric({ kind: 'up-down', numbers: 'int' }), number(2), { startMs: 1 })];
    const read = seriesIn(decodeProtobuf(encodeProtobuf(points, { ...settings, temporality: 'delta' })));

    expect(read[0]?.metric.sum).toMatchObject({ aggregationTemporality: 2, isMonotonic: false });
  });
});
