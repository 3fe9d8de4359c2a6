/** Tests of what a sink warns of while all goes well: it is seen in the terminal, beside the output of a program. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentMetrics, answerJson, serve } from '../loopback.ts';
import { runCli } from '../run-cli.ts';

const variables = { BUILDKITE_TOKEN: 'bkct_warned-4f1c9e' };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-warnings-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** One run to a receiver that speaks remote write 1.0 only, which the sink finds out and warns of. */
async function collectToOldReceiver(...options: readonly string[]) {
  await using source = await serve((_, response) => {
    answerJson(response, 200, agentMetrics);
  });
  await using old = await serve((_, response) => {
    response.writeHead(old.requests.length === 1 ? 415 : 204).end();
  });
  const path = join(folder, 'old.yaml');
  const from = `{ kind: buildkite, endpoint: '${source.url}', agentTokens: [{ env: BUILDKITE_TOKEN }] }`;
  await writeFile(path, `sources: [${from}]\nsinks: [{ kind: remote-write, name: old, url: '${old.url}' }]\n`);
  return await runCli(['collect', '--config', path, '--once', '--no-color', ...options], variables);
}

const warning = /^\S+ +warn +the receiver does not speak remote write 2\.0; 1\.0 is used from now on.*sink="?old/m;

describe('what a sink warns of', () => {
  it('is seen without --verbose, apart from the table, and the run stays ok', async () => {
    const { exitCode, stdout, stderr } = await collectToOldReceiver();

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(warning);
    expect(stdout).not.toContain('does not speak');
  });

  it('leaves the output of --format json to the program that reads it', async () => {
    const { exitCode, stdout, stderr } = await collectToOldReceiver('--format', 'json');

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(warning);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'ok' });
  });

  it('is not said with --quiet, which says nothing of a run that went well', async () => {
    expect(await collectToOldReceiver('--quiet')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });
});
