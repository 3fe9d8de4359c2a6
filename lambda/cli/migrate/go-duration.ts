/** Reads a duration as Go writes it, such as `30s` or `1m30s`. */
import { minuteMs, hourMs } from '../../model/time.ts';

/** Milliseconds in each unit of Go's `time.ParseDuration`. */
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: minuteMs,
  h: hourMs,
};

/** Milliseconds; undefined for what Go refuses. */
export function parseGoDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return undefined;
  const parts = (match[2] ?? '').matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g);
  let sum = 0;
  for (const [, number = '', unit = ''] of parts) sum += Number(number) * (unitMs[unit] ?? Number.NaN);
  return match[1] === '-' ? -sum : sum;
}
