/** `collect --every --listen` as a process: the page is there between runs, and gone with the process. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { eventually } from '../../servers/process.ts';
import { agentMetrics } from '../loopback.ts';
import { runCli, startCli } from '../run-cli.ts';

const token = 'bkct_canary-4f1c9e';
const variables = { BUILDKITE_TOKEN: token };

let folder = '';
let config = '';
let closeServer: () => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-listen-'));
  const answers = new Map([[token, agentMetrics]]);
  const server = await startBuildkiteServer({ clock: Date.now, answers, pollSeconds: 0 });
  closeServer = () => server.close();
  config = join(folder, 'collector.yaml');
  const source = {
    kind: 'buildkite',
    name: 'main',
    endpoint: server.endpoint,
    agentTokens: [{ env: 'BUILDKITE_TOKEN' }],
  };
  await writeFile(config, JSON.stringify({ sources: [source], sinks: [{ kind: 'scrape-page' }] }));
});
afterAll(async () => {
  await closeServer();
  await rm(folder, { recursive: true, force: true });
});

describe('collect with a page', () => {
  it('says where it serves, serves every run, and ends with the process', async () => {
    const args = ['collect', '-c', config, '--every', '1s', '--listen', '127.0.0.1:0'];
    await using running = startCli(args, variables);
    await running.printed(/scrape-page/);
    const [, url = ''] = /^serves (http:\/\/127\.0\.0\.1:\d+\/metrics)$/m.exec(running.stderr()) ?? [];
    // A run tells of its sinks in the next one.
    const page = await eventually(
      async () => await (await fetch(url)).text(),
      (text) => text.includes('ci_collector_sink_up{'),
    );
    const [, live = ''] = /^look at (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(running.stderr()) ?? [];
    const html = await (await fetch(live)).text();
    running.child.kill('SIGINT');
    const { exitCode } = await running.ended;

    expect(html).toContain('<title>CI metrics</title>');
    expect(html + page).not.toContain(token);
    expect(page).toMatch(/^ci_queue_jobs\{.+\} \d+$/m);
    expect(page).toMatch(/^ci_collector_sink_up\{sink="scrape-page"\} 1$/m);
    expect(exitCode).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('ends at once where the address is taken', async () => {
    const other = createServer();
    await new Promise((resolve) =>
      other.listen(0, '127.0.0.1', () => {
        resolve(undefined);
      }),
    );
    const address = `127.0.0.1:${String((other.address() as AddressInfo).port)}`;

    const ended = await runCli(['collect', '-c', config, '--every', '1s', '--listen', address], variables);
    other.close();

    expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ended.stderr).toContain(`error: ${address} is taken by another process (EADDRINUSE)`);
  });

  it.each([
    [['--listen', '127.0.0.1:0'], '--listen needs --every'],
    [['--listen', '127.0.0.1:0', '--every', '1s', '--dry-run'], '--listen and --dry-run exclude each other'],
    [['--listen', '0.0.0.0:0', '--every', '1s'], 'set tls, or plaintext: allow'],
    [[], 'a page to scrape is the only sink, and it ends with the run'],
    [['--once'], 'keep it with --every TIME, or look at it with --dry-run'],
  ])('refuses %j', async (options, message) => {
    const ended = await runCli(['collect', '-c', config, ...options], variables);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('delivers a single run to the other sinks, and says that the page ends with it', async () => {
    const both = join(folder, 'both.yaml');
    await writeFile(both, (await readFile(config, 'utf8')).replace('"sinks":[', '"sinks":[{"kind":"stdout"},'));

    const ended = await runCli(['collect', '-c', both], variables);

    expect(ended).toMatchObject({
      exitCode: 0,
      stderr: 'the page of scrape-page/scrape-page ends with this run; --every TIME keeps it\n',
    });
    expect(ended.stdout).toMatch(/^ci_queue_jobs\{.+\} \d+$/m);
  });
});

describe('a dry run of a page', () => {
  const reason = 'scrape-page/scrape-page: nothing listens in AWS Lambda between two runs';

  it('has no price, because no function is deployed with it', async () => {
    const { exitCode, stdout } = await runCli(['collect', '-c', config, '--dry-run'], variables);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('scrape-page/scrape-page would send');
    expect(stdout).toContain(`\nno price: ${reason}`);
    expect(stdout).toContain('dry run: nothing was sent; as it stands it cannot be deployed, so that it has no price');
    expect(stdout).not.toMatch(/COST|\$/);
  });

  it('has none for programs, either', async () => {
    const { stdout } = await runCli(['collect', '-c', config, '--dry-run', '--json'], variables);
    const run: unknown = JSON.parse(stdout);

    expect(run).toMatchObject({ dryRun: true, notDeployable: [expect.stringContaining(reason)] });
    expect(run).not.toHaveProperty('monthlyUsd');
    expect(run).not.toHaveProperty('monthlyCost');
  });
});
