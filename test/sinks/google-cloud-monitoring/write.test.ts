/** Tests of sending series to Cloud Monitoring: descriptors, points, limits, refusals and what is reported. */
import { describe, expect, it } from 'vitest';
import { compatBases, defineQueueMetric, defineTotalMetric } from '../../../lambda/sources/buildkite/metrics.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';
import { provider } from '../../support/backends/google-fake.ts';
import { startLoopbackServer, type LoopbackServer } from '../../support/network/loopback-server.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, queues } from '../remote-write/batches.ts';
import { googleSink } from './harness.ts';

const startMs = Date.UTC(2026, 0, 2);
const total = { bounds: [1, 5], counts: [1, 2, 3], sum: 40, startMs };
const type = (name: string): string => `custom.googleapis.com/ci/${name}`;

/** Passes requests on, and breaks some connections off after the server has answered. */
async function lossyProxy(url: string, isLost: () => boolean): Promise<LoopbackServer> {
  return await startLoopbackServer((_request, response, { path, headers, body }) => {
    const passed = { authorization: headers['authorization'] ?? '', 'content-type': 'application/json' };
    void fetch(`${url}${path}`, { method: 'POST', headers: passed, body: new Uint8Array(body) }).then(
      async (answer) => {
        const text = await answer.text();
        if (path.endsWith('/timeSeries') && isLost()) response.destroy();
        else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
      },
    );
  });
}

function messages({ problems }: { readonly problems: readonly { readonly message: string }[] }): string {
  return problems.map(({ message }) => message).join('\n');
}

describe('what is written', () => {
  it('is a level without a start, a total with its own, and a distribution with its bounds', async () => {
    await using sink = await googleSink({ labels: { team: 'web' } });
    const batch = batchOf([
      gaugeOf('ci_queue_jobs', [{ labels: { queue: 'a' }, value: 3 }]),
      gaugeOf('ci_worker_utilization_ratio', [{ labels: { queue: 'a' }, value: 0.5 }], { unit: 'ratio' }),
      counterOf('ci_jobs_total', [{ labels: { queue: 'a' }, increase: 2, total: { value: 12, startMs } }]),
      distributionOf('ci_job_wait_seconds', [{ labels: { queue: 'a' }, observations: [2], total }]),
    ]);

    const delivery = await sink.write(batch);

    expect(delivery).toMatchObject({ accepted: 4, requests: 1, problems: [] });
    const common = {
      labels: { queue: 'a', team: 'web' },
      endMs: batch.collectedAtMs,
      resource: {
        type: 'generic_task',
        labels: {
          project_id: 'acme-ci',
          location: 'global',
          namespace: 'ci',
          job: 'ci-metrics-collector',
          task_id: 'ci',
        },
      },
    };
    expect(sink.google.stored()).toEqual([
      {
        ...common,
        type: type('ci_job_wait_seconds'),
        kind: 'CUMULATIVE',
        startMs,
        value: {
          distributionValue: {
            count: '6',
            mean: 40 / 6,
            bucketOptions: { explicitBuckets: { bounds: [1, 5] } },
            bucketCounts: ['1', '2', '3'],
          },
        },
      },
      { ...common, type: type('ci_jobs_total'), kind: 'CUMULATIVE', startMs, value: { int64Value: '12' } },
      { ...common, type: type('ci_queue_jobs'), kind: 'GAUGE', startMs: undefined, value: { int64Value: '3' } },
      {
        ...common,
        type: type('ci_worker_utilization_ratio'),
        kind: 'GAUGE',
        startMs: undefined,
        value: { doubleValue: 0.5 },
      },
    ]);
  });

  it('keeps to 200 series a request, and puts none of them twice into one', async () => {
    await using sink = await googleSink();
    const two = [partOf([queues(450)]), partOf([queues(450)], { source: 'other' })];

    const delivery = await sink.write({ ...batchOf([]), sources: two });

    expect(delivery).toMatchObject({ accepted: 450, requests: 3 });
    expect(messages(delivery)).toContain(`${type('ci_queue_jobs')} (450 points): the same labels as another point`);
  });

  it('gives Buildkite’s figures the names of its own tool, with Total for totals', async () => {
    await using sink = await googleSink({ compat: true });
    const [scheduled] = compatBases;
    const labels = { org: 'acme-inc', cluster: 'Linux' };

    const delivery = await sink.write(
      batchOf([
        buildGauge(defineTotalMetric(scheduled), [{ labels, value: 7 }]),
        buildGauge(defineQueueMetric(scheduled), [{ labels: { ...labels, queue: 'deploy' }, value: 2 }]),
        buildGauge(defineQueueMetric(scheduled), [
          { labels: { org: 'acme-inc', cluster: '', queue: 'default' }, value: 5 },
        ]),
        gaugeOf('ci_queue_jobs', [{ labels: {}, value: 1 }]),
      ]),
    );

    expect(delivery.problems).toEqual([]);
    const tool = sink.google.stored().filter((point) => point.type.includes('/buildkite/'));
    expect(tool.map((point) => [point.labels, point.value])).toEqual([
      [{ Cluster: '', Queue: 'default' }, { int64Value: '5' }],
      [{ Cluster: 'Linux', Queue: 'Total' }, { int64Value: '7' }],
      [{ Cluster: 'Linux', Queue: 'deploy' }, { int64Value: '2' }],
    ]);
    expect(new Set(tool.map((point) => [point.type, point.kind, point.resource.type].join()))).toEqual(
      new Set(['custom.googleapis.com/buildkite/acme_inc/ScheduledJobsCount,GAUGE,global']),
    );
    expect(sink.google.stored()).toHaveLength(4);
  });

  it('leaves out what the API has no way to take, and says so', async () => {
    await using sink = await googleSink();

    const delivery = await sink.write(
      batchOf([
        gaugeOf('ci_queue_jobs', [
          { labels: { queue: 'a' }, value: NaN },
          { labels: { queue: 'b' }, value: 0.5 },
          { labels: { queue: 'c'.repeat(1025) }, value: 1 },
          {
            labels: Object.fromEntries(Array.from({ length: 31 }, (_, index) => [`l${String(index)}`, 'x'])),
            value: 1,
          },
          { labels: { 'queue-name': 'e' }, value: 1 },
          { labels: { queue: 'f' }, value: 1 },
        ]),
        counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }]),
        counterOf('ci_runs_total', [{ labels: {}, increase: 1, total: { value: 1, startMs: Date.now() + 60_000 } }]),
      ]),
    );

    expect(sink.google.stored().map(({ labels }) => labels)).toEqual([{ queue: 'f' }]);
    expect(messages(delivery).match(/left out [^:]*/g)).toEqual([
      'left out ci_queue_jobs (1 point)',
      'left out ci_queue_jobs (1 point)',
      'left out ci_queue_jobs (2 points)',
      'left out ci_queue_jobs (1 point)',
      'left out ci_jobs_total (1 point)',
      'left out ci_runs_total (1 point)',
    ]);
  });

  it('is what the preview shows', async () => {
    await using sink = await googleSink();
    const batch = batchOf([queues(450), gaugeOf('ci_x', [{ labels: { a: 'b"' }, value: NaN }])]);

    const preview = await sink.preview(batch);
    const delivery = await sink.write(batch);

    expect(preview).toMatchObject({
      samples: delivery.accepted,
      requests: delivery.requests,
      bytes: delivery.bytes,
      problems: delivery.problems,
      monthlyCost: [{ item: 'Google Cloud Monitoring, ingestion', usd: undefined }],
    });
    expect(preview.lines[0]).toBe('custom.googleapis.com/ci/ci_queue_jobs{queue="q0000"} 0');
  });
});

describe('a series', () => {
  it('gets no second point within five seconds, and says so', async () => {
    await using sink = await googleSink();
    const first = batchOf([queues(3)]);
    await sink.write(first);

    const again = await sink.write({
      ...first,
      collectedAtMs: first.collectedAtMs + 4999,
      sources: [partOf([queues(4)])],
    });
    const later = await sink.write({ ...first, collectedAtMs: first.collectedAtMs + 10_000 });

    expect(again.accepted).toBe(1);
    expect(messages(again)).toMatch(/^held back 3 points of series .* the next run sends newer ones/);
    expect(later).toMatchObject({ accepted: 3, problems: [] });
  });

  it('gets no point that is older than its last one after the clock was set back', async () => {
    await using sink = await googleSink();
    const first = batchOf([queues(3)]);
    await sink.write(first);

    const back = await sink.write({ ...first, collectedAtMs: first.collectedAtMs - 60_000 });

    expect(back).toMatchObject({ accepted: 0, requests: 0 });
    expect(messages(back)).toContain('held back 3 points');
  });

  it('that was stored though the answer was lost counts as stored when the repetition is refused', async () => {
    let lost = 0;
    await using sink = await googleSink();
    await using proxy = await lossyProxy(sink.google.url, () => {
      lost += 1;
      return lost === 1;
    });
    await using behind = await googleSink({
      url: proxy.url,
      auth: { federation: { provider, tokenUrl: `${sink.google.url}/v1/token` } },
    });

    const delivery = await behind.write(batchOf([queues(3)]));

    expect(sink.google.stored()).toHaveLength(3);
    expect(delivery).toMatchObject({ accepted: 3, problems: [] });
  });
});

describe('a refusal', () => {
  it('of some series is told with one of them and the remedy, and the others are counted', async () => {
    await using sink = await googleSink();
    sink.google.monitoring.refuses = (_type, { queue }) => queue === 'q0007';

    const delivery = await sink.write(batchOf([queues(250)]));

    expect(delivery).toMatchObject({ accepted: 249, requests: 2 });
    expect(messages(delivery)).toBe(
      '1 of 250 points not stored, such as custom.googleapis.com/ci/ci_queue_jobs{queue="q0007"}: Cloud Monitoring wrote the others and says "One or more TimeSeries could not be written: a value is not taken: timeSeries[7]". Cloud Monitoring cannot use what it was sent; leave the metric out with `metrics.exclude`, and report it.',
    );
  });

  it('of a series that somebody else writes names the collector name', async () => {
    await using sink = await googleSink();
    const batch = batchOf([queues(2)]);
    await sink.write(batch);
    await using twin = await googleSink({
      url: sink.google.url,
      auth: { federation: { provider, tokenUrl: `${sink.google.url}/v1/token` } },
    });

    const delivery = await twin.write(batch);

    expect(delivery.accepted).toBe(0);
    expect(messages(delivery)).toContain('give each deployment its own collector name');
  });

  it('that tells nothing of the rest costs one request, and its metrics travel apart in the next run', async () => {
    let isBroken = true;
    await using sink = await googleSink(
      {},
      {
        answer: ({ path, body }) =>
          path.endsWith('/timeSeries') && body.includes('ci_bad') && isBroken
            ? {
                status: 400,
                body: '{"error":{"code":400,"message":"Invalid JSON payload","status":"INVALID_ARGUMENT"}}',
              }
            : undefined,
      },
    );
    const batch = batchOf([queues(3), gaugeOf('ci_bad', [{ labels: {}, value: 1 }])]);

    const first = await sink.write(batch);
    const second = await sink.write({ ...batch, collectedAtMs: batch.collectedAtMs + 60_000 });
    isBroken = false;
    const third = await sink.write({ ...batch, collectedAtMs: batch.collectedAtMs + 120_000 });

    expect([first.accepted, second.accepted, third.accepted]).toEqual([0, 3, 4]);
    expect(messages(first)).toContain('are sent one by one from the next run on');
  });

  it.each([
    [403, 'PERMISSION_DENIED', 'auth', 'Grant roles/monitoring.metricWriter'],
    [403, 'Cloud Monitoring API has not been used in project', 'auth', 'gcloud services enable'],
    [404, 'NOT_FOUND', 'configuration', 'Check `project` and `url`'],
    [429, 'RESOURCE_EXHAUSTED', 'rate-limited', 'Raise the quota'],
    [503, 'UNAVAILABLE', 'unavailable', 'UNAVAILABLE'],
  ])('with %i %s is a problem of the kind %s', async (status, message, kind, said) => {
    const body = JSON.stringify({ error: { code: status, message } });
    await using sink = await googleSink(
      {},
      { answer: ({ path }) => (path.startsWith('/v3') ? { status, body } : undefined) },
    );

    const delivery = await sink.write(batchOf([queues(3)]));

    expect(delivery.accepted).toBe(0);
    expect(new Set(delivery.problems.map((problem) => problem.kind))).toEqual(new Set([kind]));
    expect(messages(delivery)).toContain(said);
  });

  it('of the token is renewed once', async () => {
    await using sink = await googleSink();
    const batch = batchOf([queues(3)]);
    await sink.write(batch);
    sink.google.revokeTokens();

    const delivery = await sink.write({ ...batch, collectedAtMs: batch.collectedAtMs + 60_000 });

    expect(delivery).toMatchObject({ accepted: 3, problems: [] });
    expect(sink.google.asked(/^\/v1\/token$/)).toBe(2);
  });
});

describe('descriptors', () => {
  it('are made once a process, with unit, description and the labels that series have', async () => {
    await using sink = await googleSink();
    const batch = batchOf([
      queues(3),
      gaugeOf('ci_queue_oldest_wait_seconds', [{ labels: { queue: 'a' }, value: 1.5 }], {
        unit: 'seconds',
        labels: ['queue'],
      }),
    ]);

    await sink.write(batch);
    await sink.write({ ...batch, collectedAtMs: batch.collectedAtMs + 60_000 });

    expect(sink.google.asked(/metricDescriptors/)).toBe(2);
    expect(sink.google.monitoring.descriptors.get(type('ci_queue_oldest_wait_seconds'))).toEqual({
      type: type('ci_queue_oldest_wait_seconds'),
      metricKind: 'GAUGE',
      valueType: 'DOUBLE',
      unit: 's',
      description: 'Help of ci_queue_oldest_wait_seconds.',
      displayName: 'ci_queue_oldest_wait_seconds',
      labels: [{ key: 'queue', valueType: 'STRING' }],
    });
    expect(sink.google.monitoring.descriptors.get(type('ci_queue_jobs'))?.unit).toBe('{job}');
  });

  it('that cannot be made cost no point, and are tried again', async () => {
    let isDown = true;
    await using sink = await googleSink(
      {},
      {
        answer: ({ path }) =>
          path.endsWith('/metricDescriptors') && isDown
            ? { status: 403, body: '{"error":{"code":403,"message":"denied"}}' }
            : undefined,
      },
    );
    const batch = batchOf([queues(3), gaugeOf('ci_x', [{ labels: {}, value: 1 }])]);

    const first = await sink.write(batch);
    isDown = false;
    const second = await sink.write({ ...batch, collectedAtMs: batch.collectedAtMs + 60_000 });

    expect(first.accepted).toBe(4);
    expect(messages(first)).toMatch(/^no descriptor for .*ci_queue_jobs and 1 more, .* Grant roles/);
    expect(second).toMatchObject({ accepted: 4, problems: [] });
    expect(sink.google.monitoring.descriptors.get(type('ci_queue_jobs'))?.description).toBe('Help of ci_queue_jobs.');
  });

  it('that are not answered in their time are told to be slow, and not to lack time for the run', async () => {
    await using sink = await googleSink(
      {},
      { answer: ({ path }) => (path.endsWith('/metricDescriptors') ? 'silence' : undefined) },
    );

    // A quarter of it is theirs.
    const delivery = await sink.write(batchOf([queues(3)]), 2000);

    expect(delivery.accepted).toBe(3);
    expect(delivery.problems).toMatchObject([{ kind: 'timeout' }]);
    expect(messages(delivery)).toMatch(
      /^no descriptor for .*ci_queue_jobs, .*: They were not answered within 0\.[45] s, .* look at the network/,
    );
    expect(messages(delivery)).not.toMatch(/function timeout|deadline of the run/);
  });

  it('that exist already are no problem', async () => {
    await using sink = await googleSink(
      {},
      {
        answer: ({ path }) =>
          path.endsWith('/metricDescriptors') ? { status: 409, body: '{"error":{"message":"exists"}}' } : undefined,
      },
    );

    expect(await sink.write(batchOf([queues(3)]))).toMatchObject({ accepted: 3, problems: [] });
  });

  it('of another kind are told, and so are the points that do not fit', async () => {
    await using sink = await googleSink();
    await sink.write(batchOf([gaugeOf('ci_jobs_total', [{ labels: {}, value: 1 }])]));
    await using other = await googleSink({
      url: sink.google.url,
      auth: { federation: { provider, tokenUrl: `${sink.google.url}/v1/token` } },
    });

    const delivery = await other.write(
      batchOf([
        queues(2),
        counterOf('ci_jobs_total', [{ labels: { a: 'b' }, increase: 1, total: { value: 1, startMs } }]),
      ]),
    );

    expect(delivery.accepted).toBe(2);
    expect(messages(delivery).match(/delete it in Cloud Monitoring/g)).toHaveLength(2);
  });
});

describe('a new start', () => {
  it('of a total after its last point is a restart', async () => {
    await using sink = await googleSink();
    const batch = batchOf([counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 9, startMs } }])]);
    await sink.write(batch);
    const anew = { value: 1, startMs: batch.collectedAtMs + 30_000 };

    const delivery = await sink.write({
      ...batchOf([counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: anew }])]),
      collectedAtMs: batch.collectedAtMs + 60_000,
    });

    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
    expect(sink.google.stored().map((point) => point.startMs)).toEqual([startMs, anew.startMs]);
  });
});
