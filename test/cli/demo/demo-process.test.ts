/** Tests of the command `demo` in a process of its own, with and without a terminal. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answerJson, serve } from '../loopback.ts';
import { runCli, startCli } from '../run-cli.ts';
import { startInTerminal } from '../pseudo-terminal.ts';

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';

/** Only util-linux' `script` takes a command line of its own. */
const hasScript = spawnSync('script --version', { encoding: 'utf8', shell: true }).stdout.includes('util-linux');

describe('the demo without a terminal', () => {
  it('prints a block a run, serves the metrics and ends with both', async () => {
    await using demo = startCli(['demo', '--for', '30m', '--every', '500ms', '--port', '0']);
    const [, url = ''] = await demo.printed(/^metrics +(http:\/\/127\.0\.0\.1:\d+\/metrics)$/m);
    await demo.printed(/(ok in [^]*?){3}/);
    const page = await (await fetch(url)).text();
    const [, live = ''] = await demo.printed(/^look at +(http:\/\/127\.0\.0\.1:\d+\/)$/m);
    const html = await (await fetch(live)).text();
    demo.child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await demo.ended;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(html).toContain('<title>CI metrics</title>');
    expect(page).toMatch(/^ci_queue_jobs\{.+\} \d+$/m);
    for (const source of ['demo', 'actions', 'workspace', 'cluster', 'attestations'])
      expect(page).toMatch(new RegExp(`^ci_collector_source_up\\{.*source="${source}".*\\} 1$`, 'm'));
    expect(page).toMatch(/^chainloop_workflow_up\{org="acme",.+\} [01]$/m);
    expect(stdout.match(/^collector +● ok in /gm)?.length).toBeGreaterThan(2);
    expect(stdout).toMatch(/\n\d+ runs in \S.*: \d+ ok\n$/);
    expect(stdout).not.toContain('\x1b');
    await expect(fetch(url)).rejects.toThrow();
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends in order on %s', async (signal) => {
    await using demo = startCli(['demo', '--for', '5m', '--every', '1s', '--port', '0']);
    await demo.printed(/ok in /);
    demo.child.kill(signal);
    const ended = await demo.ended;

    expect(ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
    expect(ended.stdout).toMatch(/\n\d+ runs? in .*: \d+ ok\n$/);
  });

  it('stops after --for, not before', async () => {
    await using demo = startCli(['demo', '--for', '3s', '--every', '200ms', '--port', '0']);
    const { exitCode, stdout, stderr } = await demo.ended;

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/\n\d+ runs? in (?!\d+ ms|[0-2]\b)/);
  });

  it('ends with a first run, however short its time', async () => {
    const { exitCode, stdout } = await runCli(['demo', '--for', '1ms', '--port', '0']);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n1 run in .*: 1 ok\n$/);
  });

  it('does not move from a port that was asked for', async () => {
    await using taken = await serve((_, response) => {
      response.end();
    });
    const port = new URL(taken.url).port;

    const { exitCode, stderr } = await runCli(['demo', '--for', '1s', '--port', port]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain(`port ${port} on 127.0.0.1 is taken or not allowed; choose another one with --port`);
  });

  it('also pushes to a Pushgateway', async () => {
    await using gateway = await serve((_, response) => {
      response.writeHead(200).end();
    });

    const { exitCode, stdout } = await runCli(['demo', '--for', '1s', '--port', '0', '--push', gateway.url]);

    expect(exitCode).toBe(0);
    expect(stdout).toContain(`also to    ${gateway.url}`);
    expect(gateway.requests.some(({ method, path }) => method === 'PUT' && path.startsWith('/metrics/job/'))).toBe(
      true,
    );
  });

  it('goes on, degraded, when the place that it pushes to refuses', async () => {
    await using broken = await serve((_, response) => {
      answerJson(response, 400, { message: 'no' });
    });

    await using demo = startCli(['demo', '--for', '5m', '--every', '1s', '--port', '0', '--push', broken.url]);
    await demo.printed(/collector +▲ degraded in .*5 of 5 sources up/);
    demo.child.kill('SIGINT');

    expect(await demo.ended).toMatchObject({ exitCode: 0 });
  });
});

describe.skipIf(!hasScript)('the demo in a terminal', () => {
  it('draws on a screen of its own and gives the old one back on Ctrl-C', async () => {
    await using demo = startInTerminal(['demo', '--every', '500ms', '--port', '0'], { columns: 120, rows: 30 });
    await demo.shown(/samples/);
    demo.type('\x03');
    const { exitCode, output } = await demo.ended;

    expect(exitCode).toBe(0);
    expect(output.indexOf(enter)).toBe(0);
    expect(output.split('\x1b[?1049h')).toHaveLength(2);
    const after = output.slice(output.lastIndexOf(leave) + leave.length);
    expect(after).toMatch(/\d+ runs? in .*: \d+ ok\r\n$/);
    expect(after).not.toContain('\x1b[?');
  });

  it('gives the old screen back when it is killed in order or ends by itself', async () => {
    await using demo = startInTerminal(['demo', '--every', '500ms', '--port', '0', '--for', '1s']);
    const { exitCode, output } = await demo.ended;

    expect(exitCode).toBe(0);
    expect(output.lastIndexOf(leave)).toBeGreaterThan(output.lastIndexOf('\x1b[?1049h'));
  });

  it('prints plain lines in a terminal that cannot move its cursor', async () => {
    await using demo = startInTerminal(['demo', '--port', '0', '--for', '1s'], { variables: { TERM: 'dumb' } });
    const { exitCode, output } = await demo.ended;

    expect(exitCode).toBe(0);
    expect(output).not.toContain('\x1b');
    expect(output).toMatch(/\+ ok in /);
  });
});

describe('a demo that others read', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ci-metrics-demo-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const args = () => ['demo', '--for', '30m', '--every', '1s', '--port', '0', '--write-config', folder];

  it('writes a configuration with which collect reads its systems, again after it began anew', async () => {
    const config = join(folder, 'collector.yaml');
    for (const call of ['first', 'second']) {
      await using demo = startCli(args());
      await demo.printed(/^config +\S+collector\.yaml$/m);

      const { exitCode, stdout, stderr } = await runCli(['collect', '--config', config, '--dry-run']);

      expect({ call, exitCode, stderr }).toEqual({ call, exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/^demo +Linux +integration +\d/m);
      for (const source of [
        'buildkite/demo',
        'github-actions/actions',
        'bitbucket-pipelines/workspace',
        'tekton/cluster',
        'chainloop/attestations',
      ])
        expect(stdout).toMatch(new RegExp(`^${source} +● complete`, 'm'));
    }

    const tokens = await readdir(join(folder, 'tokens'));
    const modes = await Promise.all(
      tokens.map(async (name) => (await stat(join(folder, 'tokens', name))).mode & 0o777),
    );
    expect(tokens).toHaveLength(8);
    expect(new Set(modes)).toEqual(new Set([0o600]));
    expect(await readFile(config, 'utf8')).toContain(`npm run collect -- --config ${config} --dry-run`);
  });

  it('replaces no configuration of anybody else', async () => {
    const own = 'sources: []\n';
    await writeFile(join(folder, 'collector.yaml'), own);

    const { exitCode, stderr } = await runCli(args());

    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${join(folder, 'collector.yaml')}, which no demo has written; name another folder`);
    expect(await readFile(join(folder, 'collector.yaml'), 'utf8')).toBe(own);
  });
});
