/** How often the collector runs: which intervals are allowed, and how long they are. */
import * as z from 'zod';
import { minuteMs } from '../model/time.ts';

/** Seconds that divide a minute, so that a loop inside one invocation meets the next one; 5 is half of Buildkite's floor. */
export const secondSteps: readonly number[] = [5, 6, 10, 12, 15, 20, 30];

function parseInterval(text: string): number | undefined {
  const match = /^([1-9]\d*) (second|minute|hour)s?$/.exec(text);
  if (match === null) return undefined;
  const count = Number(match[1]);
  if (match[2] === 'second') return secondSteps.includes(count) ? count * 1000 : undefined;
  const minutes = match[2] === 'hour' ? count * 60 : count;
  return minutes >= 1 && minutes <= 60 ? minutes * minuteMs : undefined;
}

const allowed = 'must be "1 minute" to "60 minutes", or 5, 6, 10, 12, 15, 20 or 30 "seconds" (a part of a minute)';

/** `1 minute`, `5 minutes`, `10 seconds`; the output is in milliseconds. */
export const Interval = z
  .string({ error: allowed })
  .refine((text) => parseInterval(text) !== undefined, { error: allowed })
  .default('1 minute')
  .meta({
    description: 'How often to collect. Below one minute the function loops inside its invocation.',
    // For editors: the refinement above has no form in JSON Schema.
    pattern: '^(([1-9]|[1-5][0-9]|60) minutes?|1 hours?|(5|6|10|12|15|20|30) seconds?)$',
    examples: ['1 minute', '5 minutes', '10 seconds'],
  });

/** Milliseconds of a checked interval. */
export function convertInterval(interval: string): number {
  const milliseconds = parseInterval(interval);
  if (milliseconds === undefined) throw new RangeError(`not an interval: ${interval}`);
  return milliseconds;
}
