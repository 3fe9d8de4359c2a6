/** Tests of which CloudWatch metrics a batch becomes: names, dimensions, units and values. */
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceLastSuccess, sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { buildGauge, type MetricDefinition } from '../../../lambda/model/metric.ts';
import {
  type Datum,
  createDatumWriter,
  formatSeries as identity,
} from '../../../lambda/sinks/cloudwatch/encode/datum.ts';
import { encodeDatums, type EncodeSettings } from '../../../lambda/sinks/cloudwatch/encode/encode-datums.ts';
import { previewDatums } from '../../../lambda/sinks/cloudwatch/preview.ts';
import { splitRequests } from '../../../lambda/sinks/cloudwatch/encode/split-requests.ts';
import { expectGolden } from '../../support/golden.ts';
import {
  answer,
  batch,
  config,
  durations,
  finished,
  part,
  queued,
  tickMs,
  utilization,
  vendorFamilies,
} from './batches.ts';

function datumsOf(given: Batch, settings: Partial<EncodeSettings> = {}): readonly Datum[] {
  return [
    ...encodeDatums(given, { config: config(), collector: 'ci-metrics', intervalMs: 60_000, ...settings }).datums,
  ];
}

function linesOf(given: Batch, settings: Record<string, unknown> = {}): readonly string[] {
  return previewDatums(given, { config: config(settings), collector: 'ci-metrics', intervalMs: 60_000 }).lines;
}

function problemsOf(given: Batch, settings: Record<string, unknown> = {}): readonly string[] {
  return previewDatums(given, { config: config(settings), collector: 'ci-metrics', intervalMs: 60_000 }).problems.map(
    ({ kind, where, message }) => `${kind} ${where}: ${message}`,
  );
}

function bare(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('Buildkite') && !line.includes('{'));
}

describe("buildkite-agent-metrics' names", () => {
  it.each([
    ['a clustered token', 'compat-clustered', [answer()]],
    ['an unclustered token', 'compat-unclustered', [answer({ cluster: '' })]],
    [
      'two clusters and an unclustered token of one organisation',
      'compat-mixed',
      [answer(), answer({ cluster: 'B' }), answer({ cluster: '' })],
    ],
  ])('are published in full for %s', async (_, name, answers) => {
    const lines = linesOf(batch([part(vendorFamilies(answers))]));

    await expectGolden(`cloudwatch/${name}/expected.txt`, `${lines.join('\n')}\n`);
  });

  it("keep their order of dimensions: organisation, cluster, the operator's own, queue", () => {
    const given = batch([part(vendorFamilies([answer()]))]);

    const lines = linesOf(given, { dimensions: { Environment: 'prod', Team: 'a' } });

    expect(lines).toContain(
      'Buildkite ScheduledJobsCount {Org=acme, Cluster=Cluster A, Environment=prod, Team=a, Queue=default} 2 Count',
    );
    expect(lines).toContain('Buildkite ScheduledJobsCount {Org=acme, Environment=prod, Team=a} 3 Count');
    expect(lines).toContain('Buildkite ScheduledJobsCount 3 Count');
  });

  it('give one total without dimensions for all sources, summed, its percentage computed anew', () => {
    const other = answer({ org: 'umbrella', cluster: '', total: { scheduled: 10, busy: 3, total: 3 }, queues: {} });
    const given = batch([
      part(vendorFamilies([answer()])),
      part(vendorFamilies([other]), { source: 'second' }),
      part([], { system: 'tekton', source: 'k8s', status: 'failed' }),
    ]);

    const lines = bare(linesOf(given));

    expect(lines.filter((line) => line.includes('ScheduledJobsCount'))).toEqual([
      'Buildkite ScheduledJobsCount 13 Count',
    ]);
    expect(lines.filter((line) => line.includes('BusyAgentPercentage'))).toEqual([
      'Buildkite BusyAgentPercentage 66 Count',
    ]);
  });

  it.each(['failed', 'partial'] as const)('withhold totals over sources while one of them is %s', (status) => {
    const given = batch([part(vendorFamilies([answer()])), part([], { source: 'second', status })]);

    const lines = linesOf(given);

    expect(bare(lines)).toEqual([]);
    expect(lines.filter((line) => line.includes('{Org=acme}'))).toEqual([]);
    expect(lines).toContain('Buildkite ScheduledJobsCount {Org=acme, Cluster=Cluster A} 3 Count');
    expect(lines).toContain('Buildkite ScheduledJobsCount {Org=acme, Cluster=Cluster A, Queue=default} 2 Count');
  });

  it('leave out the totals without dimensions on request, and nothing else', () => {
    const given = batch([part(vendorFamilies([answer()]))]);

    const all = linesOf(given);
    const some = linesOf(given, { bareTotals: 'omit' });

    expect(some).toEqual(all.filter((line) => line.includes('{')));
    expect(all.length - some.length).toBe(8);
  });

  it('count a token that two sources have once, and say so', () => {
    const families = vendorFamilies([answer()]);
    const given = batch([part(families), part(families, { source: 'second' })]);

    expect(bare(linesOf(given))).toContain('Buildkite ScheduledJobsCount 3 Count');
    expect(problemsOf(given)).toEqual([
      'configuration cloudwatch/cloudwatch: two sources give the same series (20, such as of buildkite_total_scheduled_jobs_count) and only the first is sent; give each token to one source only',
    ]);
  });

  it('replace the neutral series that they repeat, roll-up included, in their own source only', () => {
    const neutral = [queued({ default: 2 }), queued({ default: 5 }, { state: 'blocked' })];
    const other = queued({ default: 7 }, { source: 'plain' });
    const given = batch([part([...vendorFamilies([answer()]), ...neutral]), part([other], { source: 'plain' })]);

    const lines = linesOf(given).filter((line) => line.startsWith('CI '));

    expect(lines).toEqual([
      'CI BlockedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=default} 5 Count',
      'CI QueuedJobs {System=buildkite, Source=plain, Scope=Cluster A, Queue=default} 7 Count',
      'CI BlockedJobs {System=buildkite, Source=main} 5 Count',
      'CI QueuedJobs {System=buildkite, Source=plain} 7 Count',
    ]);
  });

  it('replace nothing where they are excluded', () => {
    const given = batch([part([...vendorFamilies([answer()]), queued({ default: 2 })])]);

    const lines = linesOf(given, { metrics: { exclude: ['ScheduledJobsCount'] } });

    expect(lines).toContain('CI QueuedJobs {System=buildkite, Source=main} 2 Count');
    expect(lines.filter((line) => line.includes('ScheduledJobsCount'))).toEqual([]);
  });
});

describe('neutral metrics', () => {
  it('have every queue and the sum of each source', () => {
    const lines = linesOf(batch([part([queued({ a: 1, b: 2 }), utilization(1, 4, 'a')])]));

    expect(lines).toEqual([
      'CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=a} 1 Count',
      'CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=b} 2 Count',
      'CI QueuedJobs {System=buildkite, Source=main} 3 Count',
      'CI WorkerUtilization {System=buildkite, Source=main, Scope=Cluster A, Queue=a} 25 Percent',
      'CI WorkerUtilization {System=buildkite, Source=main} 25 Percent',
    ]);
  });

  it('withhold the sum of the source that is partial, and keep the one that is complete', () => {
    const given = batch([
      part([queued({ a: 1 })], { status: 'partial' }),
      part([queued({ a: 5 }, { source: 'other' })], { source: 'other' }),
    ]);

    expect(linesOf(given)).toEqual([
      'CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=a} 1 Count',
      'CI QueuedJobs {System=buildkite, Source=other, Scope=Cluster A, Queue=a} 5 Count',
      'CI QueuedJobs {System=buildkite, Source=other} 5 Count',
    ]);
  });

  it('have no dimension for a label without a value', () => {
    const lines = linesOf(batch([part([queued({ a: 1 }, { scope: '' })])]));

    expect(lines[0]).toBe('CI QueuedJobs {System=buildkite, Source=main, Queue=a} 1 Count');
  });

  it('are chosen by their name in CloudWatch, exclusion first', () => {
    const given = batch([part([queued({ a: 1 }), queued({ a: 2 }, { state: 'running' }), utilization(1, 1)])]);

    const lines = linesOf(given, { metrics: { include: ['*Jobs'], exclude: ['Running*'] } });

    expect(new Set(lines.map((line) => line.split(' ')[1]))).toEqual(new Set(['QueuedJobs']));
  });

  it('go into the namespace of the operator', () => {
    const lines = linesOf(batch([part([queued({ a: 1 })])]), { namespace: 'Acme/CI' });

    expect(lines.every((line) => line.startsWith('Acme/CI QueuedJobs'))).toBe(true);
  });
});

describe('values', () => {
  it('come levels first, so that a request with sums is rare', () => {
    const given = batch([part([finished(2), queued({ a: 1 }), durations([3])])]);

    const datums = datumsOf(given);

    expect(datums.map(({ reading }) => reading)).toEqual(['level', 'level', 'sums', 'sums', 'sums']);
  });

  it('leave out a counter that stood still: its Sum is the same, and each datum has a price', () => {
    expect(linesOf(batch([part([finished(0), durations([])])]))).toEqual([]);
  });

  it('of a counter are rolled up although a part of the source is missing: what is withheld is lost for good', () => {
    expect(linesOf(batch([part([finished(2)], { status: 'partial' })]))).toEqual([
      'CI Runs {System=buildkite, Source=main, Pipeline=web} 2 Count',
      'CI Runs {System=buildkite, Source=main} 2 Count',
    ]);
  });

  it('count equal observations and keep up to 150 different ones as they are', () => {
    const observations = Array.from({ length: 300 }, (_, index) => (index % 150) + 0.25);

    const datums = datumsOf(batch([part([durations(observations)])]));

    expect(datums).toHaveLength(1);
    expect(datums[0]?.value).toEqual({
      values: Array.from({ length: 150 }, (_, index) => index + 0.25),
      counts: Array.from({ length: 150 }, () => 2),
    });
  });

  it('round more different durations to whole seconds, then split them', () => {
    const observations = Array.from({ length: 1000 }, (_, index) => index / 4);

    const datums = datumsOf(batch([part([durations(observations)])]));

    const parts = datums.map(({ value }) => (typeof value === 'number' ? { values: [], counts: [] } : value));
    expect(parts.map(({ values }) => values.length)).toEqual([150, 101]);
    expect(parts.flatMap(({ values }) => values)).toEqual(Array.from({ length: 251 }, (_, index) => index));
    expect(parts.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0)).toBe(1000);
  });

  it('send nothing for a distribution without observations', () => {
    expect(linesOf(batch([part([durations([])])]))).toEqual([]);
  });

  it('turn a Unix time into an age that is never negative', () => {
    const health = [
      buildGauge(sourceLastSuccess, [
        { labels: { system: 'buildkite', source: 'old' }, value: tickMs / 1000 - 90 },
        { labels: { system: 'buildkite', source: 'fresh' }, value: tickMs / 1000 + 2 },
      ]),
    ];

    expect(linesOf(batch([], health), { collectorMetrics: 'api' })).toEqual([
      'CI/Collector SecondsSinceSourceSuccess {System=buildkite, Source=old} 90 Seconds',
      'CI/Collector SecondsSinceSourceSuccess {System=buildkite, Source=fresh} 0 Seconds',
    ]);
  });

  it('leave the health of the collector to the log unless asked for', () => {
    const health = [buildGauge(sourceUp, [{ labels: { system: 'buildkite', source: 'main' }, value: 1 }])];

    expect(linesOf(batch([], health))).toEqual([]);
    expect(linesOf(batch([], health), { collectorMetrics: 'api' })).toHaveLength(1);
  });

  it.each([
    [60_000, 'standard'],
    [30_000, 'high'],
  ])('have the resolution that an interval of %d ms needs: %s', (intervalMs, resolution) => {
    const datums = datumsOf(batch([part([queued({ a: 1 })])]), { config: config(), intervalMs });

    expect(datums.map((datum) => datum.resolution)).toEqual([resolution, resolution]);
  });

  it('have the standard resolution below a minute where the operator wants that', () => {
    const settings = { config: config({ resolution: 'standard' }), intervalMs: 30_000 };

    const datums = datumsOf(batch([part([queued({ a: 1 })])]), settings);

    expect(datums.map((datum) => datum.resolution)).toEqual(['standard', 'standard']);
  });
});

describe('what CloudWatch would refuse', () => {
  it.each([
    ['not a number', { a: Number.NaN }, 'a value is not a finite number'],
    ['infinite', { a: Infinity }, 'a value is not a finite number'],
    ['too large', { a: 2 ** 361 }, 'a value is beyond ±2^360'],
    ['of a blank queue', { '  ': 1 }, 'a dimension value is blank'],
    ['of a queue with a line break', { 'a\nb': 1 }, 'a dimension value has control characters'],
    ['of a name that is too long', { ['q'.repeat(1025)]: 1 }, 'a dimension value is longer than 1024 characters'],
  ])('is left out and told, and the rest is kept: a value %s', (_, bad, reason) => {
    const given = batch([part([queued({ good: 1, ...bad }), utilization(1, 2)])]);

    const lines = linesOf(given);

    expect(lines).toContain('CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=good} 1 Count');
    expect(lines).toContain('CI WorkerUtilization {System=buildkite, Source=main} 50 Percent');
    expect(problemsOf(given)).toHaveLength(1);
    expect(problemsOf(given)[0]).toContain(`left out because ${reason}`);
    expect(problemsOf(given)[0]).toContain('CI QueuedJobs {System=buildkite, Source=main');
  });

  it('is one problem for each reason, with its number and an example', () => {
    const given = batch([part([utilization(1, 2), queued({ ' ': 1, '  ': 2, '   ': 3, good: 1 })])]);

    expect(problemsOf(given)).toEqual([
      'rejected cloudwatch/cloudwatch: 3 datums were left out because a dimension value is blank, such as CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue= }; rename it in the CI system, or exclude the metric under `metrics` of this sink',
    ]);
  });

  it('percent-encodes other characters than ASCII and changes no ASCII name', () => {
    const lines = linesOf(batch([part([queued({ 'größe 🚀': 1, '50% off': 2 })])]));

    expect(lines.slice(0, 2)).toEqual([
      'CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=gr%C3%B6%C3%9Fe %F0%9F%9A%80} 1 Count',
      'CI QueuedJobs {System=buildkite, Source=main, Scope=Cluster A, Queue=50% off} 2 Count',
    ]);
  });

  it("keeps a metric's own dimension when the operator names one alike, and says so", () => {
    const given = batch([part([queued({ a: 1 })])]);

    expect(linesOf(given, { dimensions: { Source: 'mine', Team: 'x' } })).toContain(
      'CI QueuedJobs {System=buildkite, Source=main, Team=x} 1 Count',
    );
    expect(problemsOf(given, { dimensions: { Source: 'mine' } })).toEqual([
      'configuration cloudwatch/cloudwatch: Source under `dimensions` is left out where a metric has a dimension of that name itself; choose another name',
    ]);
  });

  it('reports a metric with too many dimensions', () => {
    const labels = Array.from({ length: 31 }, (_, index) => `l${String(index)}`);
    const wide: MetricDefinition<'gauge'> = {
      name: 'ci_wide',
      help: 'Wide.',
      type: 'gauge',
      unit: 'count',
      combination: 'sum',
      labels,
      cloudWatch: {
        namespace: 'neutral',
        name: 'Wide',
        unit: 'Count',
        dimensionSets: [labels],
        statistic: 'Maximum',
      },
    };
    const family = buildGauge(wide, [{ labels: Object.fromEntries(labels.map((label) => [label, 'x'])), value: 1 }]);

    expect(problemsOf(batch([part([family])]))[0]).toContain('left out because it has more than 30 dimensions');
  });
});

async function bodyOfSdk(datums: readonly Datum[], timeMs: number): Promise<string> {
  const client = new CloudWatchClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    disableRequestCompression: true,
  });
  const command = new PutMetricDataCommand({
    Namespace: 'CI',
    MetricData: datums.map(({ name, dimensions, unit, value, resolution }) => ({
      MetricName: name,
      Dimensions: dimensions.map((dimension) => ({ Name: dimension.name, Value: dimension.value })),
      Timestamp: new Date(timeMs),
      ...(typeof value === 'number' ? { Value: value } : { Values: [...value.values], Counts: [...value.counts] }),
      Unit: unit,
      ...(resolution === 'high' ? { StorageResolution: 1 } : {}),
    })),
  });
  let body: unknown;
  command.middlewareStack.add(
    () =>
      ({ request }) => {
        body = (request as { readonly body: unknown }).body;
        return Promise.reject(new Error('seen enough'));
      },
    { step: 'finalizeRequest', priority: 'high' },
  );
  await expect(client.send(command)).rejects.toThrow('seen enough');
  return new TextDecoder().decode(body as Uint8Array);
}

describe('requests', () => {
  const families = fc.array(fc.record({ queue: fc.string({ minLength: 1, maxLength: 60 }), value: fc.double() }), {
    maxLength: 60,
  });

  it('hold every datum once, in order, each request within the limits and none more than needed', () => {
    const sizes = fc.array(fc.integer({ min: 60, max: 40_000 }), { maxLength: 3000 });
    fc.assert(
      fc.property(sizes, (given) => {
        const [datum] = datumsOf(batch([part([queued({ a: 1 })])]));
        if (datum === undefined) throw new Error('no datum');
        const many = given.map((_, index) => ({ ...datum, value: index }));
        const sizeIn = ({ value }: Datum): number => given[Number(value)] ?? 0;

        // A comma stands before each datum but the first.
        const requests = [...splitRequests(many, (datum) => 'x'.repeat(sizeIn(datum) - 1))];

        expect(requests.flatMap((request) => request.datums)).toEqual(many);
        for (const request of requests) {
          expect(request.datums.length).toBeGreaterThan(0);
          expect(request.datums.length).toBeLessThanOrEqual(1000);
          expect(request.body.byteLength).toBeLessThanOrEqual(1_000_000);
        }
        const isSmall = given.reduce((sum, size) => sum + size, 0) < 900_000;
        if (isSmall) expect(requests).toHaveLength(Math.ceil(given.length / 1000));
        // A request and the next could not have been one.
        for (const [index, request] of requests.entries()) {
          const next = requests[index + 1]?.datums[0];
          if (next === undefined) continue;
          expect(request.datums.length === 1000 || request.body.byteLength + sizeIn(next) > 1_000_000).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    [0, 0],
    [1, 1],
    [1000, 1],
    [1001, 2],
    [2500, 3],
  ])('of %d datums are %d', (count, expected) => {
    const queues = Object.fromEntries(Array.from({ length: count }, (_, index) => [`q${String(index)}`, index]));
    const datums = datumsOf(batch([part([queued(queues)], { status: 'partial' })]));

    expect([...splitRequests(datums, createDatumWriter(tickMs))]).toHaveLength(expected);
  });

  it('are written as the AWS SDK itself would write them', async () => {
    const many = batch([part([queued({ a: 1, 'b"\\': 0.1, c: 1e21, d: 2e-7 }), durations([1, 1, 2.5])])]);
    const datums = datumsOf(many, { intervalMs: 10_000 }).map((datum) => ({ ...datum, namespace: 'CI' }));
    const [request] = splitRequests(datums, createDatumWriter(tickMs + 500));
    if (request === undefined) throw new Error('no request');

    expect(new TextDecoder().decode(request.body)).toBe(await bodyOfSdk(request.datums, tickMs + 500));
  });

  it('never have a value that CloudWatch refuses, nor one metric twice, whatever the names and values', () => {
    fc.assert(
      fc.property(families, (given) => {
        const queues = Object.fromEntries(given.map(({ queue, value }) => [queue, value]));

        const datums = datumsOf(batch([part([queued(queues)])]));

        for (const { value, dimensions } of datums) {
          expect(Number.isFinite(value)).toBe(true);
          expect(dimensions.every((dimension) => /^[\x20-\x7e]*\S[\x20-\x7e]*$/.test(dimension.value))).toBe(true);
        }
        expect(new Set(datums.map(identity)).size).toBe(datums.length);
      }),
      { numRuns: 200 },
    );
  });
});
