/** Tests that the collector publishes what buildkite-agent-metrics publishes, under the same names. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CloudWatchConfig } from '../../../lambda/sinks/cloudwatch/config.ts';
import { createCloudWatch } from '../../../lambda/sinks/cloudwatch/create.ts';
import type { MetricsAnswer } from '../../../lambda/demo/simulators/buildkite/api/agent-api.ts';
import { startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { writePrometheusText } from '../../../lambda/exposition/write-prometheus-text.ts';
import type { GaugeSample, MetricFamily } from '../../../lambda/model/metric.ts';
import { filterSamples } from '../../../lambda/model/families/merge.ts';
import type { Preview } from '../../../lambda/sinks/sink.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import { buildkiteSource } from './harness.ts';

const folder = join(import.meta.dirname, '../../fixtures/buildkite');

/** Its documented fixture. */
const clustered: MetricsAnswer = {
  organization: { slug: 'acme' },
  cluster: { name: 'Cluster A' },
  jobs: {
    ...{ scheduled: 3, running: 1, waiting: 2, total: 4 },
    queues: {
      default: { scheduled: 2, running: 1, waiting: 2, total: 3 },
      deploy: { scheduled: 1, running: 0, waiting: 0, total: 1 },
    },
  },
  agents: { idle: 2, busy: 1, total: 3, queues: { default: { idle: 2, busy: 1, total: 3 } } },
};
const { organization, jobs, agents } = clustered;
const unclustered: MetricsAnswer = { organization, jobs, agents };

async function collected(
  answers: readonly MetricsAnswer[],
  extra: Readonly<Record<string, unknown>> = {},
): Promise<readonly MetricFamily[]> {
  const names = answers.map((_answer, index) => `TOKEN_${String(index)}`);
  const byToken = new Map(names.map((name, index) => [name, answers[index] ?? clustered] as const));
  const server = await startBuildkiteServer({ answers: byToken, clock: () => 0 });
  try {
    const config = { endpoint: server.endpoint, agentTokens: names.map((env) => ({ env })), ...extra };
    await using source = buildkiteSource(config, { variables: Object.fromEntries(names.map((name) => [name, name])) });
    const { families, problems } = await source.collect();
    expect(problems).toEqual([]);
    return families;
  } finally {
    await server.close();
  }
}

function vendorFamilies(families: readonly MetricFamily[]): readonly MetricFamily[] {
  return families.filter(({ definition }) => definition.name.startsWith('buildkite_'));
}

describe('compatibility with buildkite-agent-metrics', () => {
  it('writes its Prometheus page byte for byte, but for the label org', async () => {
    const expected = await readFile(join(folder, 'buildkite-agent-metrics.prom'), 'utf8');

    const { text } = await writePrometheusText(vendorFamilies(await collected([clustered, unclustered])));

    expect(text.replaceAll(/,?org="acme"/g, '').replace(/\n+(?=# HELP)/g, '\n')).toBe(expected);
    expect(text.match(/org="acme"/g)).toHaveLength(text.split('\n').filter((line) => line.includes('{')).length);
  });

  it('has every number of its StatsD output, and 0 for the agents that StatsD leaves out', async () => {
    const lines = (await readFile(join(folder, 'buildkite-agent-metrics.statsd'), 'utf8')).split('\n');

    const families = vendorFamilies(await collected([clustered, unclustered]));

    const ours = families.flatMap((family) =>
      family.type === 'gauge' ? family.samples.map((sample) => statsdLine(family.definition, sample)) : [],
    );
    expect(new Set(ours).size).toBe(48);
    expect(ours).toEqual(expect.arrayContaining(lines));
    expect(ours.filter((line) => !lines.includes(line)).sort()).toEqual(
      ['BusyAgentCount', 'BusyAgentPercentage', 'IdleAgentCount', 'TotalAgentCount']
        .flatMap((name) => [
          `buildkite.clusters.queues.${name}:0|g|#cluster:Cluster A,queue:deploy`,
          `buildkite.queues.${name}:0|g|#queue:deploy`,
        ])
        .sort(),
    );
  });

  it('sends CloudWatch its namespace, names, unit and dimensions, and totals that can be told apart', async () => {
    const families = await collected([clustered, unclustered]);

    const { lines, problems } = await cloudWatchPreview(families);

    expect(problems).toEqual([]);
    const vendor = lines.filter((line) => line.startsWith('Buildkite '));
    expect(vendor.filter((line) => !line.endsWith(' Count'))).toEqual([]);
    const of = (name: string) => vendor.filter((line) => line.split(' ')[1] === name);
    expect(of('ScheduledJobsCount').sort()).toEqual([
      'Buildkite ScheduledJobsCount 6 Count',
      'Buildkite ScheduledJobsCount {Org=acme, Cluster=Cluster A, Queue=default} 2 Count',
      'Buildkite ScheduledJobsCount {Org=acme, Cluster=Cluster A, Queue=deploy} 1 Count',
      'Buildkite ScheduledJobsCount {Org=acme, Cluster=Cluster A} 3 Count',
      'Buildkite ScheduledJobsCount {Org=acme, Queue=default} 2 Count',
      'Buildkite ScheduledJobsCount {Org=acme, Queue=deploy} 1 Count',
      'Buildkite ScheduledJobsCount {Org=acme} 6 Count',
    ]);
    // 2 of 6 agents are busy: neither the sum nor the average of two percentages.
    expect(of('BusyAgentPercentage')).toContain('Buildkite BusyAgentPercentage 33 Count');
    expect(of('IdleAgentCount')).not.toEqual([]);
    expect(of('IdleAgentsCount')).toEqual([]);
  });

  it('leaves the neutral twins out of CloudWatch, which would only cost money, but not the starved jobs', async () => {
    const families = await collected([clustered]);

    const { lines } = await cloudWatchPreview(families);

    const neutral = lines.filter((line) => line.startsWith('CI ')).map((line) => line.split(' ')[1]);
    expect(new Set(neutral)).toEqual(new Set(['StarvedJobs']));
  });

  it('tells two organizations with the same cluster name apart', async () => {
    const other = { ...unclustered, organization: { slug: 'globex' } };
    const families = vendorFamilies(
      await collected([unclustered]).then(async (first) => [...first, ...(await collected([other]))]),
    );

    const labels = families.flatMap((family) =>
      family.definition.name === 'buildkite_total_running_jobs_count'
        ? family.samples.map((sample) => sample.labels)
        : [],
    );

    expect(labels).toEqual([
      { cluster: '', org: 'acme' },
      { cluster: '', org: 'globex' },
    ]);
  });

  it.each([
    ['a queue list', { queues: { include: ['default'] } }, ['queues']],
    ['no queue list', {}, ['queues', 'total']],
    ['compat: false', { compat: false }, []],
  ])('with %s publishes the vendor families of %j', async (_name, extra, kinds) => {
    const families = vendorFamilies(await collected([clustered], extra));

    const published = new Set(families.map(({ definition }) => definition.name.split('_')[1]));
    expect([...published].sort()).toEqual(kinds);
  });

  it.each([
    [0, 0, 0],
    [1, 0, 100],
    [1, 2, 33],
    [2, 1, 66],
    [199, 1, 99],
  ])('cuts the percentage of %i busy and %i idle agents off to %i', async (busy, idle, percent) => {
    const total = busy + idle;
    const crew = { idle, busy, total, queues: { default: { idle, busy, total } } };

    const families = await collected([{ ...clustered, agents: crew }]);

    const values = families
      .filter(({ definition }) => definition.name.endsWith('busy_agent_percentage'))
      .map((family) => filterSamples(family, ({ labels }) => labels['queue'] !== 'deploy'))
      .flatMap((family) => (family.type === 'gauge' ? family.samples.map(({ value }) => value) : []));
    expect(values).toEqual([percent, percent]);
  });
});

/** What PutMetricData would get, a line a datum. */
async function cloudWatchPreview(families: readonly MetricFamily[]): Promise<Preview> {
  const sink = createCloudWatch(CloudWatchConfig.parse({ kind: 'cloudwatch' }), {
    collector: 'ci-metrics',
    intervalMs: 60_000,
    aws: noAws,
    clock: Date.now,
  });
  const part = { system: 'buildkite', source: 'main', status: 'complete', families } as const;
  return await sink.preview({ tickMs: 0, collectedAtMs: 0, sources: [part], health: [] });
}

/** A sample as the existing tool writes it for StatsD with tags. */
function statsdLine({ help }: MetricFamily['definition'], { labels, value }: GaugeSample): string {
  const [, kind = '', base = ''] = /^Buildkite (Total|Queues): (\w+)$/.exec(help) ?? [];
  const { cluster = '', queue } = labels;
  const name = `buildkite.${cluster === '' ? '' : 'clusters.'}${kind === 'Queues' ? 'queues.' : ''}${base}`;
  const tags = [...(cluster === '' ? [] : [`cluster:${cluster}`]), ...(queue === undefined ? [] : [`queue:${queue}`])];
  return `${name}:${String(value)}|g${tags.length === 0 ? '' : `|#${tags.join(',')}`}`;
}
