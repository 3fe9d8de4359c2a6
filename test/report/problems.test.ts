/** Who meets a limit of series is told which one, in how many names, and the setting that raises it. */
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { chooseCap } from '../../lambda/model/limits/cap.ts';
import { queueJobs } from '../../lambda/model/catalogue/queue-metrics.ts';
import { overflowValue } from '../../lambda/model/text/labels.ts';
import { runsFinished } from '../../lambda/model/catalogue/run-metrics.ts';
import type { RunReport } from '../../lambda/report/report.ts';
import { contractPipeline } from '../contracts/pipeline.ts';
import { startLoopbackServer } from '../support/network/loopback-server.ts';

const budgetMs = 60_000;

function organizationWith(queues: number): RequestListener {
  const counts = { scheduled: 1, running: 1, waiting: 0, total: 2 };
  const idle = { idle: 1, busy: 1, total: 2 };
  const each = <Figures>(figures: Figures): Readonly<Record<string, Figures>> =>
    Object.fromEntries(Array.from({ length: queues }, (_, index) => [`q${String(index)}`, figures]));
  const body = JSON.stringify({
    organization: { slug: 'acme' },
    cluster: { name: 'Linux' },
    jobs: { ...counts, queues: each(counts) },
    agents: { ...idle, queues: each(idle) },
  });
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };
}

async function runWith(queues: number, settings: object = {}): Promise<{ report: RunReport; page: string }> {
  await using server = await startLoopbackServer(organizationWith(queues));
  const source = { kind: 'buildkite', endpoint: `${server.url}/v3`, agentTokens: [{ env: 'CANARY_TOKEN' }] };
  await using pipeline = await contractPipeline({ ...settings, sources: [source], sinks: [{ kind: 'stdout' }] });
  const report = await pipeline.run(budgetMs);
  return { report, page: pipeline.said().printed.join('') };
}

describe('the limit of series', () => {
  it('leaves 600 queues apart, as the tool of the vendor does', async () => {
    const { report, page } = await runWith(600);

    expect(report.outcome).toBe('ok');
    expect(page).toContain('queue="q599"');
    expect(page).not.toContain(`queue="${overflowValue}"`);
  });

  it('tells the metrics that met it and the setting, and the run is not ok', async () => {
    const { report, page } = await runWith(12, { queuesPerMetric: 10 });

    const [source] = report.sources;
    expect(report.outcome).toBe('degraded');
    expect(source?.status).toBe('complete');
    expect(source?.problems).toHaveLength(1);
    expect(source?.problems[0]).toMatchObject({ kind: 'configuration', where: 'buildkite/buildkite' });
    expect(source?.problems[0]?.message).toMatch(
      /^more names than the 10 of queuesPerMetric: .*: \w+ \(3\), \w+ \(3\), \w+ \(3\) and \d+ other metrics; raise queuesPerMetric, or /,
    );
    expect(page).toContain(`queue="${overflowValue}"`);
  });

  it('is another one for names that anybody can invent', () => {
    const caps = { maxSeriesPerMetric: 500, maxQueuesPerMetric: 10_000 };

    expect(chooseCap(queueJobs, caps)).toEqual({ most: 10_000, setting: 'queuesPerMetric' });
    expect(chooseCap(runsFinished, caps)).toEqual({ most: 500, setting: 'seriesPerMetric' });
  });
});
