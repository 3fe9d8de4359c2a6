/** Tests that a real Prometheus has the right totals after the collector was killed and started again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as z from 'zod';
import { createFileStateStore } from '../../../../lambda/counters/stores/file/store.ts';
import { startCli } from '../../../cli/run-cli.ts';
import { type QueryServer, startPrometheus } from '../../../servers/prometheus.ts';
import { withDebianPrometheus } from '../../../servers/require.ts';
import { trueFinishes } from './true-finishes.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-kill-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Of the simulated Buildkite: sums of a counter by some of its labels, without zeros; those that exist only for `increase()` say nothing. */
async function totals(server: QueryServer, metric: string, labels: readonly string[]): Promise<object> {
  const samples = await server.query(`sum by (${labels.join(', ')}) (${metric}{system="buildkite"}) > 0`);
  return Object.fromEntries(
    samples.map((sample) => [labels.map((label) => sample.labels[label]).join('|'), Number(sample.value)]),
  );
}

const Counted = z.object({ epoch: z.number() });

/** Since when finishes are counted, as the collector itself remembers it. Epoch milliseconds. */
async function countedSinceMs(): Promise<number> {
  const stored = await createFileStateStore(folder).load('buildkite/demo', AbortSignal.timeout(60_000));
  return Counted.parse(JSON.parse(stored?.body ?? '')).epoch;
}

/** More than a busy machine needs for a start and some runs. */
const startMs = 180_000;

withDebianPrometheus('a demo that is killed in the middle', () => {
  it('has, after a restart, the totals of what the fleet finished in a real Prometheus', async () => {
    await using prometheus = await startPrometheus();
    const args = [
      ...['demo', '--port', '0', '--every', '500ms', '--speed', '40', '--seed', '7', '--for', '10m', '--busy', '20s'],
      ...['--state', folder, '--remote-write', `${prometheus.url}/api/v1/write`],
    ];
    {
      await using killed = startCli(args);
      await killed.printed(/(ok in [^]*?){6}/, startMs);
      killed.child.kill('SIGKILL');
      expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    }
    const before = await totals(prometheus, 'ci_runs_total', ['pipeline']);
    const epochMs = await countedSinceMs();
    await using continued = startCli(args);
    await continued.printed(/ok in /, startMs);

    const truth = await trueFinishes(folder, epochMs);
    // The tail of the longest build, and the ticks that see it.
    const patience = { timeout: Math.max(0, truth.restMs - Date.now()) + 180_000, interval: 500 };

    expect(Object.keys(before).length).toBeGreaterThan(2);
    await expect
      .poll(() => totals(prometheus, 'ci_runs_total', ['pipeline', 'result', 'attempt', 'branch']), patience)
      .toEqual(truth.builds);
    await expect
      .poll(() => totals(prometheus, 'ci_jobs_total', ['scope', 'queue', 'result']), patience)
      .toEqual(truth.jobs);
    const results = new Set(Object.keys(truth.jobs).map((key) => key.split('|').at(-1)));
    expect([...results].sort()).toEqual(expect.arrayContaining(['failure', 'success']));
    expect(await totals(prometheus, 'ci_job_duration_seconds_count', ['scope', 'queue', 'result'])).not.toEqual({});
    // It went on, and did not begin anew.
    expect(await countedSinceMs()).toBe(epochMs);
  }, 900_000);
});
