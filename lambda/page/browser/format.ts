/** Writes numbers and times for people. */
import type { Figure } from '../messages.ts';

/** Shown where a figure is not known: never 0. */
export const unknown = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function formatCount(value: Figure): string {
  return value === null ? unknown : grouped.format(value);
}

/** `1 queue`, `2 queues`. */
export function formatNoun(count: number, noun: string): string {
  return `${grouped.format(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function formatPercent(part: number, whole: number): string {
  if (whole === 0) return unknown;
  // 100 % is said of all alone: one failure of a thousand builds is not nothing.
  const percent = (100 * part) / whole;
  return `${String(part < whole ? Math.min(99, Math.round(percent)) : 100)} %`;
}

/** At most two units: `0 s`, `0.4 s`, `42 s`, `3m 05s`, `2h 10m`, `4d 03h`. */
export function formatSeconds(seconds: Figure): string {
  if (seconds === null) return unknown;
  if (seconds > 0 && seconds < 10 && !Number.isInteger(seconds)) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${String(minutes)}m ${pad(whole % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${String(hours)}h ${pad(minutes % 60)}m`;
  return `${String(Math.floor(hours / 24))}d ${pad(hours % 24)}h`;
}

export function formatMilliseconds(milliseconds: number): string {
  return milliseconds < 1000
    ? `${String(Math.round(milliseconds))} ms`
    : formatSeconds(Math.round(milliseconds / 100) / 10);
}

/** A mark of an axis: short, and one unit. */
export function formatAxisSeconds(seconds: number): string {
  if (seconds < 60) return `${String(Math.round(seconds * 10) / 10)} s`;
  if (seconds < 3600) return `${String(Math.round(seconds / 6) / 10)} m`;
  return `${String(Math.round(seconds / 360) / 10)} h`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** In the time zone of the reader: `14:03:27`. */
export function formatTime(atMs: number): string {
  return clockTime.format(atMs);
}
