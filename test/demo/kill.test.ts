import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { startCli } from '../cli/run-cli.ts';
import { type QueryServer, startPrometheus } from '../servers/prometheus.ts';
import { withPrometheus } from '../servers/require.ts';
import { trueFinishes } from './true-finishes.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-kill-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Sums of a counter by some of its labels, without zeros; those that exist only for `increase()` say nothing. */
async function totals(server: QueryServer, metric: string, labels: readonly string[]): Promise<object> {
  const samples = await server.query(`sum by (${labels.join(', ')}) (${metric}) > 0`);
  return Object.fromEntries(
    samples.map((sample) => [labels.map((label) => sample.labels[label]).join('|'), Number(sample.value)]),
  );
}

const Matrix = z.object({
  data: z.object({ result: z.array(z.object({ values: z.array(z.tuple([z.number(), z.string()])) })) }),
});

/** The tick of the first run: since then finishes are counted. Epoch milliseconds. */
async function firstTickMs({ url }: QueryServer): Promise<number> {
  const query = encodeURIComponent('ci_collector_source_up[1h]');
  const answer = await fetch(`${url}/api/v1/query?query=${query}`);
  const { data } = Matrix.parse(await answer.json());
  return Math.round(1000 * Math.min(...data.result.flatMap(({ values }) => values.map(([seconds]) => seconds))));
}

withPrometheus('a demo that is killed in the middle', () => {
  it('has, after a restart, the totals of what the fleet finished in a real Prometheus', async () => {
    await using prometheus = await startPrometheus();
    const args = [
      ...['demo', '--port', '0', '--every', '500ms', '--speed', '40', '--seed', '7', '--for', '5m', '--busy', '8s'],
      ...['--state', folder, '--remote-write', `${prometheus.url}/api/v1/write`],
    ];
    {
      await using killed = startCli(args);
      await killed.printed(/(ok in [^]*?){6}/);
      killed.child.kill('SIGKILL');
      expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    }
    const before = await totals(prometheus, 'ci_runs_total', ['pipeline']);
    await using continued = startCli(args);
    await continued.printed(/ok in /);

    const truth = await trueFinishes(folder, await firstTickMs(prometheus));
    // The tail of the longest build, and the ticks that see it.
    const patience = { timeout: truth.restMs - Date.now() + 60_000, interval: 500 };

    expect(Object.keys(before).length).toBeGreaterThan(2);
    await expect
      .poll(() => totals(prometheus, 'ci_runs_total', ['pipeline', 'result', 'attempt', 'branch']), patience)
      .toEqual(truth.builds);
    await expect
      .poll(() => totals(prometheus, 'ci_jobs_total', ['scope', 'queue', 'result']), patience)
      .toEqual(truth.jobs);
    const results = new Set(Object.keys(truth.jobs).map((key) => key.split('|').at(-1)));
    expect([...results].sort()).toEqual(expect.arrayContaining(['error', 'failure', 'success']));
    expect(await totals(prometheus, 'ci_job_duration_seconds_count', ['scope', 'queue', 'result'])).not.toEqual({});
  }, 180_000);
});
