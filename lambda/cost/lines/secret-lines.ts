/** What the secrets cost that the function reads, and those that receivers of alarms need. */
import { convertInterval } from '../../settings/interval.ts';
import type { CollectorConfig } from '../../config/schema.ts';
import { findArnRegion } from '../../secrets/arn.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import type { CostLine, PreparedSink } from '../../sinks/sink.ts';
import type { PreparedSource } from '../../sources/source.ts';
import { groupDigits } from '../../model/text/wording.ts';
import { prices } from '../prices.ts';
import type { AlarmCount } from './alarm-lines.ts';
import { listReceiverSecrets } from './message-lines.ts';
import { isRunning } from './runs-a-month.ts';
import { minuteMs, monthMs } from '../../model/time.ts';

interface SecretCostInput {
  readonly config: CollectorConfig;
  readonly sources: readonly PreparedSource[];
  readonly sinks: readonly PreparedSink[];
  /** Undefined where there is no stack, and so nobody is told of alarms. */
  readonly alarms: AlarmCount | undefined;
}

/** BatchGetSecretValue takes so many (API reference, SecretIdList). */
const mostAtOnce = 20;

export function priceSecrets(reading: SecretCostInput): readonly CostLine[] {
  const read = collectIds([...reading.sources, ...reading.sinks].flatMap(({ secrets }) => secrets));
  const ofWebhooks = reading.sources.flatMap(({ events }) => (events?.kind === 'webhook' ? [events.secret] : []));
  const receivers = reading.alarms === undefined ? [] : listReceiverSecrets(reading.config.alarms);
  const all = collectIds([...ofWebhooks, ...[...read, ...receivers].map((secret) => ({ secret }))]);
  if (all.length === 0) return [];
  const calls = countCallsAMonth(read, reading.config);
  return [
    {
      item: all.length === 1 ? 'secret' : 'secrets',
      usd: all.length * prices.secret + (calls / 10_000) * prices.tenThousandSecretCalls,
      basis: `${String(all.length)} × $${prices.secret.toFixed(2)}, ${groupDigits(calls)} calls × $${prices.tenThousandSecretCalls.toFixed(2)} per 10,000`,
    },
  ];
}

function collectIds(refs: readonly SecretRef[]): readonly string[] {
  return [...new Set(refs.flatMap((ref) => ('secret' in ref ? [ref.secret] : [])))];
}

/** A warm function reads all secrets of a Region together, once in the time that it keeps them. */
function countCallsAMonth(ids: readonly string[], config: CollectorConfig): number {
  if (!isRunning(config)) return 0;
  const { interval, secretCacheMinutes } = config;
  const everyMs = Math.max(convertInterval(interval), secretCacheMinutes * minuteMs);
  const regions = [...Map.groupBy(ids, (id) => findArnRegion(id) ?? '').values()];
  return regions.reduce((sum, inRegion) => sum + Math.ceil(inRegion.length / mostAtOnce), 0) * (monthMs / everyMs);
}
