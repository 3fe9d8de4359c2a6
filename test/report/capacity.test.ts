/** A fleet that does not fit into the process costs names, never sums, and the same names in each run. */
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { countSamplesInMemory } from '../../lambda/model/limits/capacity.ts';
import { overflowValue } from '../../lambda/model/text/labels.ts';
import type { RunReport } from '../../lambda/report/report.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';

const budgetMs = 600_000;
/** 8 MiB more than the process itself takes. */
const memoryMegabytes = 138;
const queues = 3000;

function organization(cluster: string): RequestListener {
  const names = Array.from({ length: queues }, (_, index) => `${cluster}-${String(index).padStart(4, '0')}`);
  const jobs = (index: number) => ({ scheduled: index, running: 1, waiting: 0, total: index + 1 });
  // Every tenth queue has no agent.
  const agents = (index: number) =>
    index % 10 === 0 ? { idle: 0, busy: 0, total: 0 } : { idle: 1, busy: 2, total: 3 };
  const all = <Figures>(of: (index: number) => Figures) =>
    Object.fromEntries(names.map((name, index) => [name, of(index)]));
  const body = JSON.stringify({
    organization: { slug: 'acme' },
    cluster: { name: cluster },
    jobs: { ...jobs(0), queues: all(jobs) },
    agents: { ...agents(0), queues: all(agents) },
  });
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
}

interface Told {
  readonly reports: readonly RunReport[];
  readonly pages: readonly string[];
}

async function runsWith(variables: Readonly<Record<string, string>>, extra: readonly object[] = []): Promise<Told> {
  await using server = await startLoopbackServer(organization('linux'));
  const source = { kind: 'buildkite', endpoint: `${server.url}/v3`, agentTokens: [{ env: 'CANARY_TOKEN' }] };
  const config = { sources: [source, ...extra], sinks: [{ kind: 'stdout' }] };
  await using pipeline = await contractPipeline(config, { variables });
  const reports = [await pipeline.run(budgetMs), await pipeline.run(budgetMs)];
  return { reports, pages: pipeline.said().printed };
}

/** Names and values of a metric's series, by all labels but the name of the collector. */
function seriesOf(page: string, metric: string): ReadonlyMap<string, number> {
  const lines = page.split('\n').filter((line) => line.startsWith(`${metric}{`));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

function sum(series: ReadonlyMap<string, number>, where = ''): number {
  return [...series].reduce((total, [name, value]) => total + (name.includes(where) ? value : 0), 0);
}

const small = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes) };
const large = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1769' };

describe('a run without room for all series', () => {
  it('folds those beyond it, keeps every sum, and tells it with figures and a remedy', async () => {
    const { reports, pages } = await runsWith(small);
    const whole = await runsWith(large);

    const [source] = reports[0]?.sources ?? [];
    expect(source?.status).toBe('complete');
    expect(source?.samples).toBeLessThanOrEqual(countSamplesInMemory(memoryMegabytes));
    expect(source?.samples).toBeGreaterThan(0.9 * countSamplesInMemory(memoryMegabytes));
    expect(source?.problems.map(({ kind, message }) => [kind, message])).toEqual([
      [
        'configuration',
        expect.stringMatching(
          /^more names than the 1,092 that a run has room for, which carries 16,384 samples with its memory and its time: .*: ci_queue_jobs \(1,909\), .*; give Node more memory: \S+, or select fewer/,
        ),
      ],
    ]);
    expect(whole.reports[0]?.sources[0]?.problems).toEqual([]);
    const [page = '', wholePage = ''] = [pages[0], whole.pages[0]];
    for (const metric of [
      'ci_queue_jobs',
      'ci_workers',
      'ci_queue_starved_jobs',
      'buildkite_queues_scheduled_jobs_count',
      'buildkite_queues_total_agent_count',
    ]) {
      const [held, all] = [seriesOf(page, metric), seriesOf(wholePage, metric)];
      expect(held.size).toBeLessThan(all.size);
      expect(sum(held)).toBe(sum(all));
      expect([...held.keys()].some((name) => name.includes(overflowValue))).toBe(true);
      for (const [name, value] of held) if (!name.includes(overflowValue)) expect(all.get(name)).toBe(value);
    }
    const ratio = [...seriesOf(page, 'ci_worker_utilization_ratio')].find(([name]) => name.includes(overflowValue));
    expect(ratio?.[1]).toBeCloseTo(2 / 3, 10);
    expect(page).toContain('ci_collector_source_up');
  });

  it('leaves the same names apart in each run, in all metrics', async () => {
    const { pages } = await runsWith(small);

    const names = (page: string | undefined, metric: string) =>
      [
        ...new Set([...seriesOf(page ?? '', metric).keys()].map((series) => /queue="([^"]*)"/.exec(series)?.[1])),
      ].sort();
    const [first, second] = pages;
    expect(names(second, 'ci_queue_jobs')).toEqual(names(first, 'ci_queue_jobs'));
    expect(names(first, 'ci_queue_starved_jobs')).toEqual(names(first, 'ci_queue_jobs'));
    expect(names(first, 'buildkite_queues_idle_agent_count')).toEqual(names(first, 'ci_queue_jobs'));
  });

  it('costs a small source beside a large one nothing', async () => {
    const page = 'jobs 7\n';
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page);
    });
    const relay = { kind: 'prometheus', targets: [{ url: `${target.url}/metrics` }] };

    const { reports, pages } = await runsWith(small, [relay]);

    expect(reports[0]?.sources[1]?.problems).toEqual([]);
    expect(pages[0]).toMatch(/^jobs\{.*\} 7$/m);
    const total = reports[0]?.sources.reduce((all, { samples }) => all + samples, 0);
    expect(total).toBeLessThanOrEqual(countSamplesInMemory(memoryMegabytes));
  });

  it('leaves out relayed metrics as a whole, the last by name, and tells how the reading went', async () => {
    const metric = (name: string) =>
      Array.from({ length: 9000 }, (_, index) => `${name}{n="${String(index)}"} 1\n`).join('');
    await using target = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(metric('a') + metric('b') + 'c 1\n');
    });
    const config = {
      sources: [{ kind: 'prometheus', targets: [{ url: `${target.url}/metrics` }] }],
      sinks: [{ kind: 'stdout' }],
    };
    await using pipeline = await contractPipeline(config, { variables: small });

    const report = await pipeline.run(budgetMs);

    const [page = ''] = pipeline.said().printed;
    expect(report.sources[0]?.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^9,000 relayed series are left out, .* a run carries 16,384 samples/),
    ]);
    expect(seriesOf(page, 'a').size).toBe(9000);
    expect(seriesOf(page, 'b').size).toBe(0);
    expect(page).toMatch(/^c\{.*\} 1$/m);
    expect(page).toMatch(/^up\{.*\} 1$/m);
  });
});
