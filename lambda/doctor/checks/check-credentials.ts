/** Says of the credential of each source whether it was taken, when it ends, and how many requests it has left. */
import { tokenExpiry, tokenLifetime } from '../../model/catalogue/collector-metrics.ts';
import { shareOfShortLife, thresholdsOfShortLife } from '../../model/credential.ts';
import { describeAsFinding, type Finding } from '../../model/finding.ts';
import type { GaugeFamily, MetricDefinition } from '../../model/metric.ts';
import { dayMs, hourMs, minuteMs } from '../../model/time.ts';
import type { SourceOutcome } from '../../report/report.ts';

/** A person needs so long to have a token renewed: the default of the alarm, `deployment.alarms`. */
const warnBeforeMs = 14 * dayMs;

/** Below it another program, or a second collector, is in the way. */
const leastQuotaShare = 0.1;

/** @param nowMs by the servers' clocks, since they decide. Epoch milliseconds. */
export function checkCredentials(outcomes: readonly SourceOutcome[], nowMs: number): readonly Finding[] {
  return outcomes.flatMap((outcome) => [
    ...checkAcceptance(outcome),
    ...checkExpiry(outcome, nowMs),
    ...checkQuota(outcome),
  ]);
}

function checkAcceptance({ id, problems, meter }: SourceOutcome): readonly Finding[] {
  const refusals = problems.filter(({ kind }) => kind === 'auth');
  if (refusals.length > 0) return refusals.map((problem) => describeAsFinding(problem, 'credential'));
  if ((meter.attempts.get('2xx') ?? 0) === 0) return [];
  return [{ subject: 'credential', where: id, verdict: 'ok', message: 'is taken' }];
}

function checkExpiry({ id, told = [] }: SourceOutcome, nowMs: number): readonly Finding[] {
  const expirySeconds = findValue(told, tokenExpiry);
  if (expirySeconds === undefined) return [];
  const place = { subject: 'expiry', where: id } as const;
  const leftMs = expirySeconds * 1000 - nowMs;
  const day = new Date(expirySeconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
  const remedy = 'make a new one and put it into the secret';
  if (leftMs <= 0) return [{ ...place, verdict: 'failed', kind: 'auth', message: `ended on ${day} UTC`, remedy }];
  const message = `ends on ${day} UTC, in ${formatTime(leftMs)}`;
  return leftMs < chooseThreshold(findValue(told, tokenLifetime))
    ? [{ ...place, verdict: 'warning', message, remedy }]
    : [{ ...place, verdict: 'ok', message }];
}

/** As for the alarm: one that lives shorter than a month is renewed by a machine. Milliseconds. */
function chooseThreshold(lifeSeconds: number | undefined): number {
  const lifeMs = (lifeSeconds ?? Infinity) * 1000;
  return lifeMs < thresholdsOfShortLife * warnBeforeMs ? lifeMs / shareOfShortLife : warnBeforeMs;
}

function checkQuota({ id, meter: { rateLimit } }: SourceOutcome): readonly Finding[] {
  if (rateLimit === undefined) return [];
  const { remaining, limit } = rateLimit;
  const place = { subject: 'quota', where: id } as const;
  const message = `${String(remaining)} requests left${limit === undefined ? '' : ` of ${String(limit)}`}`;
  const isScarce = remaining === 0 || (limit !== undefined && remaining < limit * leastQuotaShare);
  if (!isScarce) return [{ ...place, verdict: 'ok', message }];
  const remedy = 'look for what else uses this credential, give the collector one of its own, or lengthen the interval';
  return [{ ...place, verdict: 'warning', message, remedy }];
}

function findValue(families: readonly GaugeFamily[], { name }: MetricDefinition): number | undefined {
  return families.find(({ definition }) => definition.name === name)?.samples[0]?.value;
}

function formatTime(ms: number): string {
  if (ms >= 2 * dayMs) return `${String(Math.floor(ms / dayMs))} days`;
  if (ms >= 2 * hourMs) return `${String(Math.floor(ms / hourMs))} hours`;
  return `${String(Math.ceil(ms / minuteMs))} minutes`;
}
