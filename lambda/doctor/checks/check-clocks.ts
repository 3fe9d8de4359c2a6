/** Compares the clock of this machine with those of the servers that have answered, by their `Date`. */
import type { ClockReading } from '../../http/answers/server-clock.ts';
import { pickFurthest } from '../../http/answers/server-clock.ts';
import type { Finding } from '../../model/finding.ts';
import { minuteMs } from '../../model/time.ts';

/** Beyond it a run tells of the clock as well: ages and waits are then wrong by more than anybody would overlook. */
const toleratedMs = minuteMs;

/** AWS refuses a signature that is older or younger (AWS General Reference, "Signature Version 4", eligible times). */
const longestSignedMs = 5 * minuteMs;

/** One finding, of the clock that differs most. */
export function checkClocks(readings: readonly ClockReading[]): readonly Finding[] {
  const furthest = pickFurthest(readings);
  const place = { subject: 'clock', where: 'this machine' } as const;
  if (furthest === undefined)
    return [
      {
        ...place,
        verdict: 'unknown',
        message: 'no server has told its time',
        remedy: 'look again once a source or sink answers',
      },
    ];
  const { host, aheadMs } = furthest;
  const awayMs = Math.abs(aheadMs);
  if (awayMs <= toleratedMs)
    return [{ ...place, verdict: 'ok', message: `as that of ${host}, to ${formatSeconds(awayMs)}` }];
  const message = `${formatSeconds(awayMs)} ${aheadMs > 0 ? 'ahead' : 'behind'} of that of ${host}`;
  const remedy =
    'set the clock, by NTP; ages and waits are wrong by as much, and AWS refuses signatures beyond 5 minutes';
  return [{ ...place, verdict: awayMs > longestSignedMs ? 'failed' : 'warning', message, remedy }];
}

/** `Date` has no fraction of a second, so that nothing below one is known. */
function formatSeconds(ms: number): string {
  return `${String(Math.max(1, Math.round(ms / 1000)))} s`;
}
