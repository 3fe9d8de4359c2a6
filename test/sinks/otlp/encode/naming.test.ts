/** Under which names a receiver is told the collector's metrics. */
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../../lambda/model/catalogue/catalogue.ts';
import { queueJobs, queueOldestWait, workers } from '../../../../lambda/model/catalogue/queue-metrics.ts';
import { sourceDuration } from '../../../../lambda/model/catalogue/collector-metrics.ts';
import type { MetricDefinition, MetricFamily } from '../../../../lambda/model/metric.ts';
import { buildCounter, buildDistribution, buildGauge } from '../../../../lambda/model/metric.ts';
import { jobDuration, jobsFinished } from '../../../../lambda/model/catalogue/job-metrics.ts';
import {
  runDuration,
  runsActive,
  runsFinished,
  runWait,
  systemErrors,
} from '../../../../lambda/model/catalogue/run-metrics.ts';
import { buildkiteNames } from '../../../../lambda/sinks/otlp/encode/naming/buildkite-names.ts';
import { conventions } from '../../../../lambda/sinks/otlp/encode/naming/conventions.ts';
import { chooseMapping } from '../../../../lambda/sinks/otlp/encode/naming/choose-mapping.ts';
import { sources } from '../../../../lambda/sources/index.ts';
import { startPrometheus } from '../../../servers/prometheus.ts';
import { withPrometheus3 } from '../../../servers/require.ts';
import { shownSeries } from '../../../support/backends/otlp-decode.ts';
import { startOtlpFake } from '../../../support/backends/otlp-fake.ts';
import { batchOf } from '../../remote-write/batches.ts';
import { otlpSink } from '../harness.ts';
import { readFileSync } from 'node:fs';

const startMs = 1_700_000_000_000;

/** Every metric of the collector and of its sources, each once. */
const everything: readonly MetricDefinition[] = [
  ...new Map(
    [...catalogue, ...sources.flatMap(({ metrics }) => metrics)].map((metric) => [metric.name, metric]),
  ).values(),
].filter(({ reduced }) => reduced !== true);

/** One sample of a metric, with every label that it has. */
function familyOf(definition: MetricDefinition): MetricFamily {
  const labels = Object.fromEntries(
    definition.labels.map((label) => [label, definition.enumerated?.[label]?.[0] ?? label]),
  );
  const { type } = definition;
  if (type === 'gauge') return { type, definition: { ...definition, type }, samples: [{ labels, value: 1 }] };
  if (type === 'counter')
    return {
      type,
      definition: { ...definition, type },
      samples: [{ labels, increase: 1, total: { value: 1, startMs } }],
    };
  const total = { bounds: [1, 5], counts: [1, 0, 0], sum: 1, startMs };
  return { type, definition: { ...definition, type }, samples: [{ labels, observations: [1], total }] };
}

async function told(families: readonly MetricFamily[], settings: object): Promise<readonly string[]> {
  await using receiver = await startOtlpFake();
  await using sink = otlpSink({ url: receiver.url, ...settings });
  const delivery = await sink.write(batchOf(families));
  expect(delivery.problems).toEqual([]);
  expect(receiver.faults).toEqual([]);
  return receiver.requests.flatMap(({ series }) => series.map(shownSeries));
}

describe('the names of the conventions', () => {
  const convention = chooseMapping({ naming: 'semconv', compat: false });
  const names = everything.flatMap((metric) => convention(metric).map(({ name }) => name));

  it('are dotted, one for each metric of the collector, and hold neither units nor totals', () => {
    const own = names.filter((name) => !name.startsWith('cicd.'));
    const foreign = own.filter((name) => !name.startsWith('ci.'));

    expect(new Set(own).size).toBe(own.length);
    expect(own.filter((name) => /_(total|seconds|bytes|ratio)$/.test(name) && name.startsWith('ci.'))).toEqual([]);
    expect(foreign.every((name) => /^(buildkite|chainloop)_/.test(name))).toBe(true);
  });

  it('add nothing of their own to cicd and vcs', () => {
    expect([...new Set(names.filter((name) => /^(cicd|vcs)\./.test(name)))].sort()).toEqual([
      'cicd.pipeline.run.active',
      'cicd.pipeline.run.duration',
      'cicd.pipeline.run.errors',
      'cicd.system.errors',
      'cicd.worker.count',
    ]);
  });

  it('stand in the README, each with its metric', () => {
    const readme = readFileSync(new URL('../../../../lambda/sinks/otlp/README.md', import.meta.url), 'utf8');
    for (const [metric, known] of Object.entries(conventions))
      for (const { name } of known)
        expect(readme).toMatch(new RegExp(`^\\| \`${metric}\`.*\\| \`${name.replaceAll('.', '\\.')}\``, 'm'));
    for (const { name } of Object.values(buildkiteNames)) expect(readme).toContain(`\`${name}\``);
  });

  it('tell a run as the conventions have it: wait and duration are one metric, and a failure has a type', async () => {
    const place = { system: 'buildkite', source: 'main', scope: '', pipeline: 'web' };
    const total = { bounds: [1], counts: [1, 0], sum: 1, startMs };
    const run = { ...place, attempt: 'first', branch: 'main' };
    const one = { increase: 1, total: { value: 2, startMs } };

    expect(
      await told(
        [
          buildDistribution(runDuration, [
            { labels: { ...place, result: 'failure' }, observations: [], total },
            { labels: { ...place, result: 'success' }, observations: [], total },
          ]),
          buildDistribution(runWait, [{ labels: place, observations: [], total }]),
          buildGauge(runsActive, [{ labels: { ...place, state: 'executing' }, value: 3 }]),
          buildCounter(runsFinished, [
            { labels: { ...run, result: 'timeout' }, ...one },
            { labels: { ...run, result: 'success' }, ...one },
          ]),
        ],
        { naming: 'semconv' },
      ),
    ).toEqual([
      'ci.runs{ci.branch=main,ci.run.attempt=first,ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,cicd.pipeline.result=success} = 2',
      'ci.runs{ci.branch=main,ci.run.attempt=first,ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,cicd.pipeline.result=timeout} = 2',
      'cicd.pipeline.run.active{ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,cicd.pipeline.run.state=executing} = 3',
      'cicd.pipeline.run.duration{ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,cicd.pipeline.result=failure,cicd.pipeline.run.state=executing,error.type=failure} = count 1 sum 1',
      'cicd.pipeline.run.duration{ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,cicd.pipeline.result=success,cicd.pipeline.run.state=executing} = count 1 sum 1',
      'cicd.pipeline.run.duration{ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,cicd.pipeline.run.state=pending} = count 1 sum 1',
      'cicd.pipeline.run.errors{ci.branch=main,ci.run.attempt=first,ci.source=main,ci.system=buildkite,cicd.pipeline.name=web,error.type=timeout} = 2',
    ]);
  });

  it('tell queues, jobs and workers, and a repository where the scope is one', async () => {
    const queue = { system: 'bitbucket', source: 'main', scope: 'shop', queue: 'linux' };
    const where = 'ci.queue.name=linux,ci.scope=shop,ci.source=main,ci.system=bitbucket';
    const repository = 'vcs.provider.name=bitbucket,vcs.repository.name=shop';
    const one = { increase: 1, total: { value: 2, startMs } };

    expect(
      await told(
        [
          buildGauge(queueJobs, [{ labels: { ...queue, state: 'queued' }, value: 4 }]),
          buildGauge(queueOldestWait, [{ labels: queue, value: 2.5 }]),
          buildGauge(workers, [{ labels: { ...queue, state: 'idle' }, value: 1 }]),
          buildCounter(jobsFinished, [{ labels: { ...queue, result: 'failure' }, ...one }]),
          buildCounter(systemErrors, [
            { labels: { system: 'bitbucket', source: 'main', component: 'run', error: 'lost' }, ...one },
          ]),
        ],
        { naming: 'semconv' },
      ),
    ).toEqual([
      `ci.jobs{${where},cicd.pipeline.task.run.result=failure,${repository}} = 2`,
      `ci.queue.jobs{ci.job.state=queued,${where},${repository}} = 4`,
      `ci.queue.oldest_wait{${where},${repository}} = 2.5`,
      'cicd.system.errors{ci.source=main,ci.system=bitbucket,cicd.system.component=run,error.type=lost} = 2',
      `cicd.worker.count{${where},cicd.worker.state=available,${repository}} = 1`,
    ]);
  });

  it('are selected by the names of the catalogue', async () => {
    const queue = { system: 'buildkite', source: 'main', scope: '', queue: 'linux' };
    const families = [
      buildGauge(queueJobs, [{ labels: { ...queue, state: 'queued' }, value: 4 }]),
      buildDistribution(jobDuration, [
        {
          labels: { ...queue, result: 'success' },
          observations: [],
          total: { bounds: [1], counts: [1, 0], sum: 1, startMs },
        },
      ]),
    ];

    const lines = await told(families, { naming: 'semconv', metrics: { exclude: ['ci_queue_*'] } });

    expect(lines.map((line) => line.split('{')[0])).toEqual(['ci.job.duration']);
  });
});

describe("Buildkite's own names", () => {
  const metrics = sources.find(({ kind }) => kind === 'buildkite')?.metrics ?? [];
  const vendor = metrics.filter(({ name }) => name.startsWith('buildkite_'));

  it('are told for queues and totals, from a service of the namespace buildkite', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, compat: true });

    await sink.write(batchOf(vendor.map(familyOf)));

    const { series = [] } = receiver.requests[0] ?? {};
    expect([...new Set(series.map(({ metric }) => `${metric.name} ${metric.unit}`))].sort()).toEqual(
      Object.values(buildkiteNames)
        .map(({ name, unit }) => `${name} ${unit}`)
        .sort(),
    );
    expect(series.map(({ attributes }) => Object.keys(attributes).join())).toEqual(
      Object.keys(buildkiteNames).flatMap(() => ['cluster,org', 'cluster,org,queue']),
    );
    expect(series.every(({ resource }) => resource['service.namespace'] === 'buildkite')).toBe(true);
    expect(receiver.faults).toEqual([]);
  });

  it('have the histogram of collections, which grows with each run', async () => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, compat: true });
    const took = (seconds: number): MetricFamily =>
      buildGauge(sourceDuration, [{ labels: { system: 'buildkite', source: 'main' }, value: seconds }]);
    const collectedAtMs = Date.now();

    await sink.preview(batchOf([], { health: [took(99)] }));
    await sink.write(batchOf([], { collectedAtMs, health: [took(0.5)] }));
    await sink.write(batchOf([], { collectedAtMs: collectedAtMs + 1000, health: [took(7)] }));

    const histograms = receiver.requests.flatMap(({ series }) => series.filter(({ kind }) => kind === 'histogram'));
    expect(histograms.map(shownSeries)).toEqual([
      'buildkite.collection.duration{} = count 1 sum 0.5',
      'buildkite.collection.duration{} = count 2 sum 7.5',
    ]);
    expect(histograms[1]?.metric.unit).toBe('s');
    expect(receiver.faults).toEqual([]);
  });

  it('are only told where they are asked for', async () => {
    const lines = await told(vendor.map(familyOf), {});

    expect(lines.every((line) => line.startsWith('buildkite_'))).toBe(true);
  });
});

withPrometheus3("the collector's own names", (command) => {
  it('are stored unchanged by a Prometheus behind the receiver, whatever their units', async () => {
    await using server = await startPrometheus({ command, flags: ['--web.enable-otlp-receiver'] });
    await using sink = otlpSink({ url: `${server.url}/api/v1/otlp` });

    const delivery = await sink.write(batchOf(everything.map(familyOf)));

    expect(delivery.problems).toEqual([]);
    const stored = await server.query('count by (__name__) ({__name__=~".+",__name__!="target_info"})');
    const expected = everything.flatMap(({ name, type }) =>
      type === 'distribution' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    );
    expect(stored.map(({ labels }) => labels['__name__']).toSorted()).toEqual(expected.toSorted());
  });
});
