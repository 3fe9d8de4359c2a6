/** Finds the price of a queue, and computes what time costs so that sums of it are exact. */
import type { Prices, QueuePrice } from '../settings/prices.ts';
import type { Labels } from '../model/metric.ts';
import { matchAny } from '../settings/glob.ts';

/** Of one worker for an hour. */
export interface Price extends Pick<QueuePrice, 'per' | 'price'> {
  readonly currency: string;
}

/** The price of the queue with these labels (`source`, `scope`, `queue`); undefined where no pattern fits. */
export type FindPrice = (queue: Labels) => Price | undefined;

export function createPriceFinder({ currency, queues }: Prices): FindPrice {
  const matchers = queues.map(({ queue, scope, source, per, price }) => ({
    isQueue: matchAny([queue]),
    isScope: matchAny([scope]),
    isSource: matchAny([source]),
    price: { per, price, currency },
  }));
  return ({ source = '', scope = '', queue = '' }) =>
    matchers.find(({ isQueue, isScope, isSource }) => isQueue(queue) && isScope(scope) && isSource(source))?.price;
}

const secondsAnHour = 3600;

/**
 * Costs are whole multiples of a 2^24th of the currency, about six hundred-millionths. Numbers of JavaScript add such
 * multiples without rounding up to 2^29, half a billion: a total is the same in whatever order its parts were added.
 */
const partsOfUnit = 2 ** 24;

/** What so many seconds cost, in the currency of the price. */
export function computeCost(seconds: number, { price }: Pick<Price, 'price'>): number {
  return Math.round(((seconds * price) / secondsAnHour) * partsOfUnit) / partsOfUnit;
}
