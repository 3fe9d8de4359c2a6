/** Reads and writes times such as `10s` and `2h 10m`. */
import { minuteMs, hourMs } from '../../model/time.ts';

const unitMs = { ms: 1, s: 1000, m: minuteMs, h: hourMs } as const;

/** The longest time that is accepted: a day. Node's timers overflow beyond 24.8 days and then fire at once. */
export const longestDurationMs = 24 * unitMs.h;

/** `500ms`, `10s`, `1.5m`, `2h`; a bare number means seconds. Undefined for anything else, zero included. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, number = '', unit = 's'] = match;
  const milliseconds = Math.round(Number(number) * unitMs[unit as keyof typeof unitMs]);
  return milliseconds > 0 && milliseconds <= longestDurationMs ? milliseconds : undefined;
}

/** At most two units, for people: `740 ms`, `4.2 s`, `42 s`, `3m 05s`, `2h 10m`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1000) return `${String(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)}m ${padDigits(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${String(hours)}h ${padDigits(minutes % 60)}m`;
  return `${String(Math.floor(hours / 24))}d ${padDigits(hours % 24)}h`;
}

/** Whole seconds, for a time that is watched while it passes: `8 s`, `3m 05s`. */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
  return seconds < 60 ? `${String(seconds)} s` : formatDuration(seconds * 1000);
}

function padDigits(value: number): string {
  return String(value).padStart(2, '0');
}
