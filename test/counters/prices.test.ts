/** Tests of prices: which holds for a queue, and that sums of costs are exact. */
import { describe, expect, it } from 'vitest';
import { computeCost, createPriceFinder } from '../../lambda/counters/prices.ts';
import { createRandom } from '../../lambda/demo/simulators/random.ts';
import { Prices } from '../../lambda/settings/prices.ts';

const queueOf = (queue: string, scope = 'a', source = 'main') => ({ system: 'test', source, scope, queue });

describe('the price of a queue', () => {
  const findPrice = createPriceFinder(
    Prices.parse({
      currency: 'EUR',
      queues: [
        { queue: 'linux-gpu', per: 'worker-hour', price: 3 },
        { queue: 'linux-*', scope: 'hosted', per: 'busy-hour', price: 0.5 },
        { queue: 'linux-*', source: 'other', per: 'busy-hour', price: 0.7 },
        { queue: 'linux-?', per: 'worker-hour', price: 0 },
      ],
    }),
  );

  it('is that of the first pattern that fits its name, scope and source', () => {
    expect(findPrice(queueOf('linux-gpu', 'hosted'))).toEqual({ per: 'worker-hour', price: 3, currency: 'EUR' });
    expect(findPrice(queueOf('linux-1', 'hosted'))?.price).toBe(0.5);
    expect(findPrice(queueOf('linux-1', 'a', 'other'))?.price).toBe(0.7);
    expect(findPrice(queueOf('linux-1'))?.price).toBe(0);
  });

  it('is not known where none fits, which is not 0', () => {
    expect(findPrice(queueOf('linux-large'))).toBeUndefined();
  });

  it.each([
    [{ currency: 'usd', queues: [{ queue: '*', per: 'busy-hour', price: 1 }] }, /ISO 4217/],
    [{ currency: 'USD', queues: [] }, /queues/],
    [{ currency: 'USD', queues: [{ queue: '*', per: 'hour', price: 1 }] }, /per/],
    [{ currency: 'USD', queues: [{ queue: '*', per: 'busy-hour', price: -1 }] }, /price/],
    [{ currency: 'USD', queues: [{ queue: '*', price: 1 }] }, /per/],
  ])('is refused where it is not whole: %j', (prices, message) => {
    expect(() => Prices.parse(prices)).toThrow(message);
  });
});

describe('a cost', () => {
  it('is the time by the price of an hour', () => {
    expect(computeCost(3600, { price: 0.48 })).toBeCloseTo(0.48, 7);
    expect(computeCost(90, { price: 8 })).toBeCloseTo(0.2, 7);
    expect(computeCost(3600, { price: 0 })).toBe(0);
    expect(computeCost(0, { price: 8 })).toBe(0);
  });

  /** Jobs of a month at random: milliseconds to days, prices from fractions of a cent to hundreds. */
  function drawCosts(seed: number, count: number): readonly number[] {
    const random = createRandom(seed);
    return Array.from({ length: count }, () => {
      const seconds = Math.round(10 ** (random() * 5) * 1000) / 1000;
      return computeCost(seconds, { price: Math.round(10 ** (random() * 5 - 3) * 10_000) / 10_000 });
    });
  }

  const sumOf = (costs: readonly number[]): number => costs.reduce((sum, cost) => sum + cost, 0);

  it.each([1, 2, 3, 4, 5])('adds up to the same in any order and any grouping, to the last bit (seed %i)', (seed) => {
    const costs = drawCosts(seed, 5000);
    const random = createRandom(seed + 100);
    const total = sumOf(costs);
    const groups = [...Map.groupBy(costs, () => Math.floor(random() * 7)).values()];

    expect(sumOf(costs.toReversed())).toBe(total);
    expect(sumOf(costs.toSorted((a, b) => a - b))).toBe(total);
    expect(sumOf(groups.map(sumOf))).toBe(total);
  });

  it('is off by no more than half of its smallest part', () => {
    const random = createRandom(7);
    for (let round = 0; round < 1000; round += 1) {
      const [seconds, price] = [random() * 86_400, random() * 100];
      expect(Math.abs(computeCost(seconds, { price }) - (seconds * price) / 3600)).toBeLessThanOrEqual(2 ** -25);
    }
  });

  it('of the same time is never less at a higher price, nor of less time at the same', () => {
    const random = createRandom(8);
    for (let round = 0; round < 1000; round += 1) {
      const [seconds, price] = [random() * 86_400, random() * 100];
      expect(computeCost(seconds, { price: price * 1.1 })).toBeGreaterThanOrEqual(computeCost(seconds, { price }));
      expect(computeCost(seconds * 0.9, { price })).toBeLessThanOrEqual(computeCost(seconds, { price }));
    }
  });
});
