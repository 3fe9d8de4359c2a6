/** Tests that what is kept from run to run changes no byte of what is sent. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDatumWriter } from '../../../lambda/sinks/cloudwatch/encode/datum.ts';
import { encodeDatums } from '../../../lambda/sinks/cloudwatch/encode/encode-datums.ts';
import {
  createKnownDimensions,
  type KnownDimensions,
} from '../../../lambda/sinks/cloudwatch/encode/known-dimensions.ts';
import { splitRequests } from '../../../lambda/sinks/cloudwatch/encode/split-requests.ts';
import { answer, batch, config, durations, part, queued, tickMs, vendorFamilies } from './batches.ts';

interface Encoded {
  readonly bodies: readonly string[];
  readonly problems: readonly string[];
}

const settings = {
  config: config({ dimensions: { Environment: 'production' } }),
  collector: 'second',
  intervalMs: 60_000,
};

function encode(given: Batch, known: KnownDimensions): Encoded {
  const { datums, problems } = encodeDatums(given, { ...settings, known });
  const requests = [...splitRequests(datums, createDatumWriter(given.tickMs))];
  return {
    bodies: requests.map(({ body }) => new TextDecoder().decode(body)),
    problems: problems().map(({ message }) => message),
  };
}

/** Names that come again and such that CloudWatch refuses; queues come, change and go from run to run. */
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'default', 'ä', '"\\', ' ', 'q'.repeat(1100)) },
  fc.string({ maxLength: 12 }),
);
const fleets = fc.array(fc.dictionary(name, fc.nat(9), { maxKeys: 8 }), { minLength: 1, maxLength: 6 });

function batchOf(queues: Readonly<Record<string, number>>, run: number): Batch {
  const vendor = Object.fromEntries(Object.keys(queues).map((queue) => [queue, { scheduled: run, busy: 1, total: 2 }]));
  const families = [queued(queues), durations([1, 1, run]), ...vendorFamilies([answer({ queues: vendor })])];
  return { ...batch([part(families)]), tickMs: tickMs + run * 60_000 };
}

describe('dimensions that are kept', () => {
  it('give the bytes and the problems that a new process gives, whatever comes, changes or goes', () => {
    fc.assert(
      fc.property(fleets, fc.nat(12), fc.integer({ min: 1, max: 4 }), (runs, most, forgottenAfter) => {
        const known = createKnownDimensions(most, forgottenAfter);
        for (const [run, queues] of runs.entries())
          expect(encode(batchOf(queues, run), known)).toEqual(encode(batchOf(queues, run), createKnownDimensions(0)));
      }),
      { numRuns: 30 },
    );
  });

  it('are made once for label sets that come again, in every metric with the same dimensions', () => {
    const known = createKnownDimensions();
    const write = (labels: Readonly<Record<string, string>>) => known.openSet(['system', 'queue'], {})(labels);
    known.beginRun();
    const first = write({ system: 'buildkite', queue: 'a', state: 'queued' });
    known.beginRun();

    expect(write({ system: 'buildkite', queue: 'a', state: 'running' })).toBe(first);
    expect(write({ system: 'tekton', queue: 'a' })).not.toBe(first);
    expect(known.openSet(['system', 'queue'], { Team: 'ci' })({ system: 'buildkite', queue: 'a' })).not.toBe(first);
  });

  it('are no more than there is room for, and are forgotten after their runs', () => {
    const known = createKnownDimensions(1, 2);
    known.beginRun();
    const write = known.openSet(['queue'], {});
    const kept = write({ queue: 'a' });
    const beyond = write({ queue: 'b' });

    expect(write({ queue: 'a' })).toBe(kept);
    expect(write({ queue: 'b' })).not.toBe(beyond);
    expect(write({ queue: 'b' }).text).toBe(beyond.text);
    known.beginRun();
    expect(known.openSet(['queue'], {})({ queue: 'a' })).not.toBe(kept);
  });
});
