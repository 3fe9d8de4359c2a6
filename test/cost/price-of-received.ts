/** The price of what AWS services received, written apart from the model: it knows list prices and nothing else. */
import { convertInterval } from '../../lambda/settings/interval.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Received } from './received.ts';

const hoursAMonth = 730;

export interface Paid {
  readonly secrets: number;
  readonly table: number;
  readonly total: number;
}

/** A month of runs like those that were received, without alarms, of fewer than 10,000 metrics. */
export function priceOfReceived(received: Received, { interval, deployment }: CollectorConfig): Paid {
  const { metrics, logged, requests, logBytes, secretCalls, secretIds, table, runs } = received;
  const runsAMonth = (hoursAMonth * 3_600_000) / convertInterval(interval);
  const times = runsAMonth / runs;
  const ofMetrics = (metrics.size + logged.size) * 0.3;
  const ofRequests = (Math.max(0, requests * times - 1_000_000) / 1000) * 0.01;
  const ofLog = ((logBytes * times) / 1e9) * 0.5;
  const ofFunction = runsAMonth * 2 * (deployment.memoryMegabytes / 1024) * 0.0000133334 + (runsAMonth / 1e6) * 0.2;
  const secrets = secretIds.size * 0.4 + ((secretCalls * times) / 10_000) * 0.05;
  const ofTable = (table.readUnits * times * 0.125 + table.writeUnits * times * 0.625) / 1e6;
  return { secrets, table: ofTable, total: ofMetrics + ofRequests + ofLog + ofFunction + secrets + ofTable };
}
