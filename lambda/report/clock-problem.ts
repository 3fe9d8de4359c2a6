/** Tells of a clock that differs from the one of a server. */
import { type ClockReading, pickFurthest } from '../http/answers/server-clock.ts';
import type { Problem } from '../model/problem.ts';
import { minuteMs } from '../model/time.ts';

/** Servers of one network differ by less than a second; ages and waits may be wrong by a minute without harm. */
const toleratedMs = minuteMs;

/** One problem where the clock of this machine and that of a server of the source differ; it names both times. */
export function describeClockProblems(id: string, readings: readonly ClockReading[]): readonly Problem[] {
  const reading = pickFurthest(readings);
  if (reading === undefined || Math.abs(reading.aheadMs) <= toleratedMs) return [];
  const { host, ownMs, serverMs, aheadMs } = reading;
  const [own, server] = [ownMs, serverMs].map((ms) => new Date(ms).toISOString());
  const minutes = Math.round(Math.abs(aheadMs) / 6000) / 10;
  const message = `it was ${own ?? ''} by the clock of this machine and ${server ?? ''} by that of ${host}: ${String(minutes)} minutes ${aheadMs > 0 ? 'ahead' : 'behind'}; no finish is lost, but ages and waits are wrong by that much and counts may come late. Set the clock, by NTP`;
  return [{ kind: 'clock', where: `${id} ${host}`, message }];
}
