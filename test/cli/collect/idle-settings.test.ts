/** A setting that does nothing is told before the first run, which goes on all the same. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentMetrics, answerJson, serve } from '../loopback.ts';
import { runCli } from '../run-cli.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-idle-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

it.each(['omit', 'finished-runs'])('traces: %s where no source counts a run', async (traces) => {
  await using ci = await serve((_, response) => {
    answerJson(response, 200, agentMetrics);
  });
  const config = join(folder, `${traces}.yaml`);
  await writeFile(
    config,
    `sources:
  - { kind: buildkite, endpoint: '${ci.url}', agentTokens: [{ env: BUILDKITE_TOKEN }] }
sinks:
  - { kind: otlp, url: 'https://otlp.example.com', traces: ${traces} }
`,
  );

  const { exitCode, stderr } = await runCli(['collect', '--config', config, '--dry-run'], {
    BUILDKITE_TOKEN: 'bkct_canary-4f1c9e',
  });

  expect(exitCode).toBe(0);
  const told = `${config} sinks[0].traces: no configured source counts runs or jobs that finish`;
  expect(stderr.includes(told)).toBe(traces === 'finished-runs');
});
