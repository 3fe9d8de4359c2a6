/** With `compat` Buildkite's figures are the events of its own tool, and nothing else. */
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../../lambda/model/batch.ts';
import type { GaugeFamily, Labels } from '../../../../lambda/model/metric.ts';
import { compatBases, defineQueueMetric, defineTotalMetric } from '../../../../lambda/sources/buildkite/metrics.ts';
import { startNewRelicFake } from '../../../support/backends/new-relic-fake.ts';
import { expectGolden } from '../../../support/golden.ts';
import { batchOf, counterOf, queues } from '../../remote-write/batches.ts';
import { newRelicSink } from '../harness.ts';

const collectedAtMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const nowMs = (): number => collectedAtMs;

/** What the tool's own tests publish: two queues, of which one has no agents. */
const figures: Readonly<Record<string, readonly [total: number, ofDefault: number, deploy: number]>> = {
  ScheduledJobsCount: [3, 2, 1],
  RunningJobsCount: [1, 1, 0],
  UnfinishedJobsCount: [4, 3, 1],
  WaitingJobsCount: [2, 2, 0],
  IdleAgentCount: [2, 2, 0],
  BusyAgentCount: [1, 1, 0],
  TotalAgentCount: [3, 3, 0],
  BusyAgentPercentage: [33, 33, 0],
};

function familiesOf(labels: { readonly org: string; readonly cluster: string }): readonly GaugeFamily[] {
  return compatBases.flatMap((compat): readonly GaugeFamily[] => {
    const [total = NaN, ofDefault = NaN, deploy = NaN] = figures[compat.base] ?? [];
    const queue = (
      name: string,
      value: number,
    ): { readonly labels: Labels<'org' | 'cluster' | 'queue'>; readonly value: number } => ({
      labels: { ...labels, queue: name },
      value,
    });
    return [
      { type: 'gauge', definition: defineTotalMetric(compat), samples: [{ labels, value: total }] },
      {
        type: 'gauge',
        definition: defineQueueMetric(compat),
        samples: [queue('default', ofDefault), queue('deploy', deploy)],
      },
    ];
  });
}

function batch(families: readonly GaugeFamily[]): Batch {
  return batchOf(
    [...families, queues(1), counterOf('ci_jobs_total', [{ labels: { queue: 'default' }, increase: 2 }])],
    { tickMs: collectedAtMs, collectedAtMs },
  );
}

const compat = { compat: true, account: 1234567 };

describe('a refusal', () => {
  it.each([
    [400, /^\d+ samples? not stored, .*: answered 400 "bad": New Relic does not take the events; set `compat: false`/],
    [
      403,
      /^\d+ samples? not stored, .*: answered 403 "bad": the key may not write events of this account; set `account`/,
    ],
  ])('%i of events is quoted, with the remedy of their API and its address', async (status, message) => {
    await using receiver = await startNewRelicFake({
      nowMs,
      answer: ({ path }) => (path.endsWith('/events') ? { status, body: '{"error":{"message":"bad"}}' } : undefined),
    });
    await using made = newRelicSink({ url: receiver.url, ...compat }, nowMs);

    const { problems } = await made.write(batch(familiesOf({ org: 'acme', cluster: 'Cluster A' })));

    expect(problems).toMatchObject([
      {
        message: expect.stringMatching(message) as unknown,
        where: `new-relic/new-relic POST ${hostOf(receiver.url)}/v1/accounts/1234567/events`,
      },
    ]);
  });

  it('of events for their size makes the requests of metrics no smaller', async () => {
    await using receiver = await startNewRelicFake({
      nowMs,
      answer: ({ path }) => (path.endsWith('/events') ? { status: 413 } : undefined),
    });
    await using made = newRelicSink({ url: receiver.url, ...compat }, nowMs);
    const both = batchOf([...familiesOf({ org: 'acme', cluster: 'Cluster A' }), queues(10)], {
      ...{ tickMs: collectedAtMs, collectedAtMs },
    });
    const countMetricRequests = (): number => receiver.requests.filter(({ path }) => path === '/metric/v1').length;

    const first = await made.write(both);
    const second = await made.write(both);

    expect([first.accepted, second.accepted]).toEqual([10, 10]);
    expect(countMetricRequests()).toBe(2);
  });

  it('of both APIs names the address of each', async () => {
    await using receiver = await startNewRelicFake({ nowMs, answer: () => ({ status: 501, body: 'not here' }) });
    await using made = newRelicSink({ url: receiver.url, ...compat }, nowMs);

    const { problems } = await made.write(batch(familiesOf({ org: 'acme', cluster: 'Cluster A' })));

    const host = hostOf(receiver.url);
    expect(problems.map(({ where }) => where)).toEqual([
      `new-relic/new-relic POST ${host}/metric/v1, POST ${host}/v1/accounts/1234567/events`,
    ]);
    expect(problems[0]?.message).toMatch(
      /^\d+ samples may not have been stored, .*: answered 501 "not here": .*; look at/,
    );
  });
});

function hostOf(url: string): string {
  return new URL(url).host;
}

describe('events', () => {
  it('are one of each type a queue and run, with the names of the tool and whole numbers', async () => {
    await using receiver = await startNewRelicFake({ nowMs });
    await using made = newRelicSink({ url: receiver.url, ...compat }, nowMs);

    const delivery = await made.write(batch(familiesOf({ org: 'acme', cluster: 'Cluster A' })));

    expect(receiver.errors).toEqual([]);
    expect(delivery).toMatchObject({ accepted: 6, requests: 3, problems: [] });
    expect(receiver.points.map(({ name }) => name).sort()).toEqual(['ci_jobs_total', 'ci_queue_jobs']);
    const own = receiver.requests.filter(({ path }) => path === '/v1/accounts/1234567/events');
    const text = own.map(({ body }) => gunzipSync(body).toString('utf8')).join('\n');
    await expectGolden('new-relic/events.json', `${text}\n`);
    const ofDefault = Object.fromEntries(Object.entries(figures).map(([name, [, value]]) => [name, value]));
    const common = { timestamp: collectedAtMs, Queue: 'default', Cluster: 'Cluster A', ...ofDefault };
    expect(receiver.events.filter((event) => event['Queue'] === 'default')).toEqual([
      { eventType: 'BuildkiteQueueMetrics', ...common },
      { eventType: 'queue_agent_metrics', ...common },
    ]);
    expect(receiver.events.map((event) => event['Queue'])).toEqual(['default', 'default', 'deploy', 'deploy']);
  });

  it('of a token without a cluster have no cluster, and equal queues of two clusters stay two', async () => {
    await using receiver = await startNewRelicFake({ nowMs });
    await using made = newRelicSink({ url: receiver.url, ...compat }, nowMs);

    await made.write(
      batch([...familiesOf({ org: 'acme', cluster: '' }), ...familiesOf({ org: 'acme', cluster: 'Cluster A' })]),
    );

    const seen = receiver.events
      .filter(({ eventType }) => eventType === 'queue_agent_metrics')
      .map((event) => [event['Queue'], event['Cluster']]);
    expect(seen).toEqual([
      ['default', undefined],
      ['deploy', undefined],
      ['default', 'Cluster A'],
      ['deploy', 'Cluster A'],
    ]);
  });

  it('are not sent without compat: then the figures are metrics under their Prometheus names', async () => {
    await using receiver = await startNewRelicFake({ nowMs });
    await using made = newRelicSink({ url: receiver.url }, nowMs);

    await made.write(batch(familiesOf({ org: 'acme', cluster: '' })));

    expect(receiver.events).toEqual([]);
    expect(receiver.points.filter(({ name }) => name.startsWith('buildkite_'))).toHaveLength(8 * 3);
  });

  it('leave out a figure that is not selected, or no number', async () => {
    await using receiver = await startNewRelicFake({ nowMs });
    const exclude = ['buildkite_queues_busy_agent_percentage'];
    await using made = newRelicSink({ url: receiver.url, ...compat, metrics: { exclude } }, nowMs);
    const families = familiesOf({ org: 'acme', cluster: '' }).map((family) =>
      family.definition.name === 'buildkite_queues_idle_agent_count'
        ? { ...family, samples: family.samples.map((sample) => ({ ...sample, value: NaN })) }
        : family,
    );

    const { problems } = await made.write(batch(families));

    expect(Object.keys(receiver.events[0] ?? {})).not.toContain('BusyAgentPercentage');
    expect(Object.keys(receiver.events[0] ?? {})).not.toContain('IdleAgentCount');
    expect(Object.keys(receiver.events[0] ?? {})).toContain('BusyAgentCount');
    expect(problems).toMatchObject([{ kind: 'rejected' }]);
    expect(problems[0]?.message).toContain('2 samples of buildkite_queues_idle_agent_count');
  });

  it.each([
    ['403', { status: 403 }, 1],
    ['500', { status: 500 }, 1],
    ['no answer', { status: 200, breaksOff: true }, 1],
    ['503', { status: 503 }, 4],
    ['200 of something else', { status: 200, body: '{"status":"ok"}' }, 1],
  ])('that end with %s cost no metric, and never come twice', async (_, answer, attempts) => {
    await using receiver = await startNewRelicFake({
      nowMs,
      answer: ({ path }) => (path.endsWith('/events') ? answer : undefined),
    });
    await using made = newRelicSink({ url: receiver.url, ...compat }, nowMs);

    const delivery = await made.write(batch(familiesOf({ org: 'acme', cluster: '' })));

    expect(receiver.points).toHaveLength(2);
    expect(receiver.requests.filter(({ path }) => path.endsWith('/events'))).toHaveLength(attempts);
    expect(delivery).toMatchObject({ accepted: 2, undelivered: [], unconfirmed: 0, dropped: 0 });
    expect(delivery.problems).toHaveLength(1);
    expect(delivery.problems[0]?.message).toMatch(/^4 samples .*BuildkiteQueueMetrics\{Queue="default"\}/);
  });
});
