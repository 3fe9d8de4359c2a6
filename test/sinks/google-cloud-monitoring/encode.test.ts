/** Tests of the requests that the sink `google-cloud-monitoring` makes of a batch. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { encodePoints } from '../../../lambda/sinks/google-cloud-monitoring/encode/encode-points.ts';
import {
  encodeRequests,
  type RequestSettings,
} from '../../../lambda/sinks/google-cloud-monitoring/encode/encode-requests.ts';
import { splitChunks } from '../../../lambda/model/lists/split-chunks.ts';
import { expectGolden } from '../../support/golden.ts';
import { batchOf, counterOf, distributionOf, gaugeOf } from '../remote-write/batches.ts';

const endMs = Date.UTC(2026, 10, 21, 12, 0, 1, 500);
const startMs = Date.UTC(2026, 0, 2);
const settings: RequestSettings = {
  endMs,
  resources: {
    task: { type: 'generic_task', labels: { project_id: 'acme-ci', task_id: 'ci' } },
    global: { type: 'global', labels: { project_id: 'acme-ci' } },
  },
};
const config = { typePrefix: 'custom.googleapis.com/ci', compat: false, labels: {} };

const Body = z.object({
  timeSeries: z.array(z.object({ metric: z.object({ type: z.string(), labels: z.record(z.string(), z.string()) }) })),
});

describe('the body of a request', () => {
  it('is that of the golden file', async () => {
    const batch = batchOf(
      [
        gaugeOf('ci_queue_jobs', [{ labels: { queue: 'say "hi"', state: '' }, value: -3 }]),
        gaugeOf('ci_worker_utilization_ratio', [{ labels: {}, value: 1e-7 }], { unit: 'ratio' }),
        counterOf('ci_jobs_total', [{ labels: { queue: 'Ä' }, increase: 1, total: { value: 12, startMs } }]),
        distributionOf('ci_job_wait_seconds', [
          { labels: {}, observations: [], total: { bounds: [0.5, 60], counts: [0, 0, 0], sum: 0, startMs } },
        ]),
      ],
      { collectedAtMs: endMs },
    );
    const { names } = encodePoints(batch, { config });
    const [request] = encodeRequests([names.flatMap(({ series }) => series)], settings);

    const text = Buffer.from(request?.body ?? []).toString('utf8');
    await expectGolden('google-cloud-monitoring/request.json', `${JSON.stringify(JSON.parse(text), null, 2)}\n`);
  });
});

it('a total without a start that is a time is left out and told, and costs its neighbours nothing', () => {
  const samples = [NaN, -1, endMs, startMs].map((start, index) => ({
    labels: { queue: String(index) },
    increase: 1,
    total: { value: 12, startMs: start },
  }));
  const batch = batchOf([counterOf('ci_jobs_total', samples)], { collectedAtMs: endMs });
  const { names, omissions } = encodePoints(batch, { config });

  expect([...encodeRequests([names.flatMap(({ series }) => series)], settings)]).toHaveLength(1);
  expect(names.flatMap(({ series }) => series.map(({ labels }) => labels))).toEqual([['queue', '3']]);
  expect(omissions).toEqual([{ reason: 'start', metric: 'ci_jobs_total', samples: 3 }]);
});

/** Values of labels that look like one another, or that JSON has to escape. */
const labelValue = fc.oneof(
  fc.string({ maxLength: 6, unit: 'grapheme' }),
  fc.constantFrom('', 'a', '"', '\\', '\u2028', 'Ä'),
);

const family = fc.tuple(
  fc.constantFrom('ci_a', 'ci_b', 'ci_c'),
  fc.array(fc.tuple(labelValue, fc.nat(300)), { maxLength: 150 }),
);

describe('whatever the series are', () => {
  it('each of them is in exactly one request, of which none has more than 200', () => {
    fc.assert(
      fc.property(fc.array(family, { maxLength: 6 }), fc.integer({ min: 1, max: 200 }), (families, size) => {
        const batch = batchOf(
          families.map(([name, rows]) =>
            gaugeOf(
              name,
              rows.map(([a, b]) => ({ labels: { a, b: String(b) }, value: 1 })),
            ),
          ),
        );
        const given = new Set(
          families.flatMap(([name, rows]) =>
            rows.map(([a, b]) => JSON.stringify([`custom.googleapis.com/ci/${name}`, a.toWellFormed(), String(b)])),
          ),
        );

        const { names, omissions } = encodePoints(batch, { config });
        const pieces = splitChunks(
          names.flatMap(({ series }) => series),
          size,
        );
        const bodies = [...encodeRequests(pieces, settings)].map(({ body }) =>
          Body.parse(JSON.parse(Buffer.from(body).toString('utf8'))),
        );

        const sent = bodies.flatMap(({ timeSeries }) =>
          timeSeries.map(({ metric: { type, labels } }) => JSON.stringify([type, labels['a'], labels['b']])),
        );
        const leftOut = omissions.reduce((sum, { samples }) => sum + samples, 0);
        expect(new Set(sent)).toEqual(given);
        expect(sent.length).toBe(given.size);
        expect(sent.length + leftOut).toBe(families.reduce((sum, [, rows]) => sum + rows.length, 0));
        expect(bodies.every(({ timeSeries }) => timeSeries.length > 0 && timeSeries.length <= size)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
