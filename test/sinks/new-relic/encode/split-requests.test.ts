/** Splitting: whatever comes, each request is within the limit, and all of them together are what was given. */
import * as fc from 'fast-check';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Item } from '../../../../lambda/sinks/new-relic/encode/item.ts';
import { encodeRequest, splitRequests, writePoint } from '../../../../lambda/sinks/new-relic/encode/split-requests.ts';
import { decodeNewRelic } from '../../../support/backends/new-relic-fake.ts';

/** Metric API, "Maximum limits": written apart from the sink's own. */
const maxBytes = 1_000_000;

const common = { collector: 'ci', env: 'ö' };
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 });

/** Wide ones fill a request with a few. */
const attributes = fc.record({
  queue: text,
  wide: fc.tuple(text, fc.constantFrom(1, 10, 15_000)).map(([one, times]) => one.repeat(times)),
});

const timeMs = fc.constantFrom(1_700_000_000_000, 1_700_000_060_000, 1_700_000_120_000);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ kind: fc.constant('level' as const), name: text, attributes, timeMs, value: number }),
  fc.record({
    ...{ kind: fc.constant('increase' as const), name: text, attributes, timeMs, value: number },
    intervalMs: fc.constant(60_000),
  }),
  fc.record({
    ...{ kind: fc.constant('observations' as const), name: text, attributes, timeMs },
    value: fc.record({ count: fc.nat(), sum: number, min: number, max: number }),
    intervalMs: fc.constant(60_000),
  }),
  fc.record({
    ...{ kind: fc.constant('event' as const), timeMs, attributes },
    eventType: fc.constantFrom('BuildkiteQueueMetrics', 'queue_agent_metrics'),
    figures: fc.record({ ScheduledJobsCount: fc.nat(), IdleAgentCount: fc.nat() }),
  }),
);

const group = (one: Item): number => ['level', 'increase', 'observations', 'event'].indexOf(one.kind);

describe('requests', () => {
  it('hold everything once and in order, apart by kind, and none is larger than New Relic takes', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 60 }), (given) => {
        const items = given.toSorted((a, b) => group(a) - group(b));

        const requests = [...splitRequests(items, common)];

        expect(requests.flatMap((request) => request.items)).toEqual(items);
        for (const { api, items: own, body, unpackedBytes } of requests) {
          const unpacked = gunzipSync(body);
          expect(unpacked.byteLength).toBe(unpackedBytes);
          expect(Math.max(body.byteLength, unpackedBytes)).toBeLessThanOrEqual(maxBytes);
          expect(
            new Set(own.map(({ kind }) => ({ level: 1, event: 2, increase: 3, observations: 3 })[kind])).size,
          ).toBe(1);
          const path = api === 'events' ? '/v1/accounts/1/events' : '/metric/v1';
          const { points, events } = decodeNewRelic({
            headers: { 'content-encoding': 'gzip' },
            body: Buffer.from(body),
            path,
          });
          expect(points.length + events.length).toBe(own.length);
          expect(points.map((point) => [point.name, (point.timestamp ?? NaN) + (point.intervalMs ?? 0)])).toEqual(
            own.flatMap((one) => (one.kind === 'event' ? [] : [[one.name, one.timeMs]])),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are few: another is begun only when a point does not fit', () => {
    const items = Array.from({ length: 20_000 }, (_, index): Item => ({
      ...{ kind: 'level', name: 'ci_queue_jobs', timeMs: 1_700_000_000_000, value: index },
      attributes: { queue: `queue${String(index)}` },
    }));

    const requests = [...splitRequests(items, common)];

    const total = requests.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
    expect(requests.length).toBe(Math.ceil(total / 999_000));
    for (const { unpackedBytes } of requests.slice(0, -1)) expect(unpackedBytes).toBeGreaterThan(998_800);
  });

  it('of what an outage has left are not one a tick', () => {
    const items = Array.from({ length: 1000 }, (_, index): Item => ({
      ...{ kind: 'increase', name: 'ci_jobs_total', value: 1, attributes: {}, intervalMs: 60_000 },
      timeMs: 1_700_000_000_000 + index * 60_000,
    }));

    expect([...splitRequests(items, common)]).toHaveLength(1);
  });

  it('that cannot be compressed are within the limit as sent, too', () => {
    // Every character of base64 is as likely as any other, so that a text of it hardly shrinks; its bytes are seeded.
    let state = 1;
    const noise = Array.from({ length: 600_000 }, () => {
      state = (state * 48_271) % 2_147_483_647;
      return state & 255;
    });
    const value = Buffer.from(noise).toString('latin1');
    const point = { kind: 'level', name: 'x', timeMs: 1, value: 1, attributes: { value } } as const;
    expect(Buffer.byteLength(writePoint(point))).toBeGreaterThan(800_000);

    expect(encodeRequest([point], common).body.byteLength).toBeLessThanOrEqual(maxBytes);
  });
});
