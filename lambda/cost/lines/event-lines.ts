/** What the queues and webhook functions cost, where a CI system tells of its own events. */
import type { CollectorConfig } from '../../config/schema.ts';
import { concurrentRequests, emptyAnswers, maxMessagesPerRequest } from '../../events/sqs-inbox.ts';
import type { CostLine } from '../../sinks/sink.ts';
import type { PreparedSource } from '../../sources/source.ts';
import type { Fleet } from '../fleet.ts';
import { groupDigits } from '../../model/text/wording.ts';
import { prices } from '../prices.ts';
import { countRunsAMonth } from './runs-a-month.ts';
import { hoursAMonth } from '../../model/time.ts';

interface EventCostInput {
  readonly config: CollectorConfig;
  readonly sources: readonly PreparedSource[];
  readonly eventsAnHour: number;
}

/** What the CI systems tell that are asked to; each tells of its runs and jobs as they end. */
export function countEventsAnHour(sources: readonly PreparedSource[], { finishesAnHour }: Fleet): number {
  return sources.filter(({ events }) => events !== undefined).length * finishesAnHour;
}

const million = 1_000_000;

/** Messages are received and deleted by the ten; each is sent in a call of its own. */
const callsOfAMessage = 1 + 2 / maxMessagesPerRequest;

/** So many a run find out that there is nothing more. */
const callsOfAnEmptyQueue = concurrentRequests * emptyAnswers;

/** A webhook's message is checked and put into the queue. */
const webhook = { seconds: 0.1, gigabytes: 0.25 } as const;

export function priceEvents({ config, sources, eventsAnHour }: EventCostInput): readonly CostLine[] {
  const fed = sources.filter(({ events }) => events !== undefined);
  if (fed.length === 0) return [];
  const events = eventsAnHour * hoursAMonth;
  const calls = fed.length * countRunsAMonth(config).runs * callsOfAnEmptyQueue + events * callsOfAMessage;
  const queue = {
    item: fed.length === 1 ? 'queue of events' : 'queues of events',
    usd: (calls / million) * prices.millionQueueCalls,
    basis: `${groupDigits(calls)} calls × $${prices.millionQueueCalls.toFixed(2)} a million`,
  };
  return fed.some(({ events: feed }) => feed?.kind === 'webhook') ? [queue, priceWebhook(events)] : [queue];
}

function priceWebhook(events: number): CostLine {
  const { seconds, gigabytes } = webhook;
  const gigabyteSeconds = events * seconds * gigabytes;
  return {
    item: 'function behind the webhook',
    usd: gigabyteSeconds * prices.lambdaGigabyteSecondOnArm + (events / million) * prices.millionInvocations,
    basis: `${groupDigits(events)} events × ${String(seconds)} s × ${String(gigabytes * 1024)} MB`,
  };
}
