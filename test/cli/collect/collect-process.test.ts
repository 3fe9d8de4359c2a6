/** Tests of the command `collect` in a process of its own: tables, formats, dry run, exit codes and `--watch`. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type BuildkiteServer, startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { ScenarioName } from '../../../lambda/demo/simulators/buildkite/api/scenarios.ts';
import { agentMetrics, answerJson, type LoopbackServer, serve } from '../loopback.ts';
import { mainFile, runCli, startCli } from '../run-cli.ts';

const token = 'bkct_canary-4f1c9e';
const variables = { BUILDKITE_TOKEN: token };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-collect-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The simulated Buildkite, with answers that stand still. */
async function buildkite(scenario: ScenarioName = 'ok'): Promise<BuildkiteServer & AsyncDisposable> {
  const server = await startBuildkiteServer({
    clock: Date.now,
    answers: new Map([[token, agentMetrics]]),
    pollSeconds: 0,
  });
  server.playScenario(token, scenario);
  return disposable(server);
}

function disposable(server: BuildkiteServer): BuildkiteServer & AsyncDisposable {
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}

const StatusOfSources = z.object({ sources: z.array(z.object({ status: z.string() })) });

/** A Pushgateway that takes everything and has no groups of its own. */
function gateway(): Promise<LoopbackServer> {
  return serve(({ method }, response) => {
    if (method === 'GET') answerJson(response, 200, { status: 'success', data: [] });
    else response.writeHead(200).end();
  });
}

let files = 0;
async function configFile(...entries: readonly [endpoint: string, gatewayUrl: string]): Promise<string> {
  const [endpoint, gatewayUrl] = entries;
  const path = join(folder, `collector-${String((files += 1))}.yaml`);
  await writeFile(
    path,
    [
      'sources:',
      '  - kind: buildkite',
      '    name: main',
      `    endpoint: ${endpoint}`,
      '    agentTokens: [{ env: BUILDKITE_TOKEN }]',
      'sinks:',
      '  - kind: pushgateway',
      '    name: gateway',
      `    url: ${gatewayUrl}`,
    ].join('\n'),
  );
  return path;
}

describe('words of a receiver of OTLP that has stored everything', () => {
  it('are shown without --verbose, and the run stays ok', async () => {
    await using source = await buildkite();
    await using receiver = await serve((_, response) => {
      answerJson(response, 200, { partialSuccess: { errorMessage: 'use a newer endpoint' } });
    });
    const path = join(folder, 'words.yaml');
    const from = `{ kind: buildkite, endpoint: '${source.endpoint}', agentTokens: [{ env: BUILDKITE_TOKEN }] }`;
    const to = `{ kind: otlp, url: '${receiver.url}' }`;
    await writeFile(path, `sources: [${from}]\nsinks: [${to}]\n`);

    const { exitCode, stderr } = await runCli(['collect', '--config', path, '--once', '--no-color'], variables);

    expect(stderr).toContain('use a newer endpoint');
    expect(exitCode).toBe(0);
  });
});

describe('collect', () => {
  it('reads, delivers and shows an aligned table, without colours in a pipe', async () => {
    await using source = await buildkite();
    await using sink = await gateway();

    const { exitCode, stdout, stderr } = await runCli(
      ['collect', '--config', await configFile(source.endpoint, sink.url)],
      variables,
    );

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^● ok in /);
    expect(stdout).toMatch(/^default +2 +1 +2 +2 +1 +███░░░░░░░ +33 %$/m);
    expect(stdout).toMatch(/^deploy +1 +0 +0 .*▲ starved$/m);
    expect(stdout).toMatch(/^buildkite\/main +● complete +\d+ .*1 × 2xx$/m);
    expect(stdout).toMatch(/^pushgateway\/gateway +● complete +\d+/m);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(sink.requests.map(({ method }) => method)).toContain('PUT');
  });

  it('prints the text exposition and nothing else on standard output', async () => {
    await using source = await buildkite();
    await using sink = await gateway();

    const { exitCode, stdout, stderr } = await runCli(
      ['collect', '--config', await configFile(source.endpoint, sink.url), '--format', 'prometheus'],
      variables,
    );

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const line of stdout.trimEnd().split('\n')) {
      expect(line).toMatch(/^(|# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{.+\})? [0-9.e+-]+)$/);
    }
    expect(stdout).toContain('ci_collector_source_up{source="main",system="buildkite"} 1');
    expect(stdout).toContain('ci_collector_sink_up{sink="gateway"} 1');
    expect(stdout).toMatch(/^ci_queue_jobs\{.*queue="default".*state="queued".*\} 2$/m);
  });

  it.each([
    ['has fewer than eight characters', 'abc1234', /fewer than 8 characters/],
    ['is a word of ours', 'prometheus', /is an everyday word/],
  ])('warns once, and not only with --verbose, of a secret that %s', async (_, weak, warning) => {
    await using source = await serve((_request, response) => {
      answerJson(response, 200, agentMetrics);
    });
    await using sink = await gateway();
    const config = await configFile(source.url, sink.url);

    await using running = startCli(['collect', '-c', config, '--every', '1s', '--format', 'json'], {
      BUILDKITE_TOKEN: weak,
    });
    await running.printed(/\n.*\n/);
    running.child.kill('SIGINT');
    const { stdout, stderr } = await running.ended;

    const warnings = stderr.split('\n').filter((line) => line.includes('warn'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
    expect(warnings[0]).toContain('reference="environment variable BUILDKITE_TOKEN"');
    expect(stdout).not.toContain('warn ');
  });

  it('prints one JSON object a run', async () => {
    await using source = await buildkite();
    await using sink = await gateway();

    const { exitCode, stdout } = await runCli(
      ['collect', '-c', await configFile(source.endpoint, sink.url), '--json'],
      variables,
    );

    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'ok',
      sources: [{ source: 'buildkite/main', status: 'complete', requests: { '2xx': 1 } }],
      sinks: [{ sink: 'pushgateway/gateway' }],
      samples: expect.arrayContaining([
        expect.objectContaining({ metric: 'ci_queue_jobs', value: 2 }),
        expect.objectContaining({ metric: 'ci_collector_source_up', value: 1 }),
      ]) as unknown,
    });
  });

  it('counts again when it is started again within the interval of the configuration', async () => {
    const fleet = createFleet({ seed: 1, startMs: Date.now() });
    await using source = disposable(await startBuildkiteServer({ clock: Date.now, fleet, pollSeconds: 0 }));
    const config = join(folder, 'again.yaml');
    await writeFile(
      config,
      `interval: 60 minutes
sources:
  - kind: buildkite
    endpoint: ${source.endpoint}
    restEndpoint: ${source.restEndpoint}
    graphqlEndpoint: ${source.graphqlEndpoint}
    organization: ${fleet.organization}
    apiToken: { env: BUILDKITE_TOKEN }
sinks:
  - kind: stdout
`,
    );
    const statuses: unknown[] = [];
    for (const call of ['first', 'second', 'dry']) {
      // Two runs by hand within one second would stand for the same one.
      await sleep(1000 - (Date.now() % 1000));
      const { stdout } = await runCli(
        [
          'collect',
          '--config',
          config,
          '--state',
          join(folder, 'again'),
          '--json',
          ...(call === 'dry' ? ['--dry-run'] : []),
        ],
        { BUILDKITE_TOKEN: fleet.apiToken },
      );
      statuses.push(StatusOfSources.parse(JSON.parse(stdout)).sources);
    }

    expect(statuses).toEqual([[{ status: 'complete' }], [{ status: 'complete' }], [{ status: 'complete' }]]);
  });

  it('sends nothing in a dry run and shows what it would send', async () => {
    await using source = await buildkite();
    await using sink = await gateway();

    const { exitCode, stdout } = await runCli(
      ['collect', '--config', await configFile(source.endpoint, sink.url), '--dry-run'],
      variables,
    );

    expect(exitCode).toBe(0);
    expect(source.requests).toHaveLength(1);
    expect(sink.requests).toEqual([]);
    expect(stdout).toMatch(/^pushgateway\/gateway would send \d+ samples in \d+ requests?, /m);
    expect(stdout).toMatch(/^ {2}ci_queue_jobs\{.*\} 2$/m);
    expect(stdout).toContain('dry run: nothing was sent');
  });

  it('prices what a function in AWS tells of itself, which is more than a first run knows', async () => {
    await using source = await buildkite();
    const config = join(folder, 'cloudwatch.yaml');
    await writeFile(
      config,
      `sources:
  - kind: buildkite
    endpoint: ${source.endpoint}
    agentTokens: [{ env: BUILDKITE_TOKEN }]
sinks:
  - kind: cloudwatch
`,
    );

    const { stdout } = await runCli(['collect', '--config', config, '--dry-run', '--no-color'], variables);

    // Seven of the source, four of the sink and the lag of the schedule, as docs/deploying.md counts them.
    expect(stdout).toMatch(/collector's own metrics, from its log +\$3\.60 +12 more metrics/);
  });

  it.each(['table', 'json', 'prometheus'])(
    'names the secret of a sink that is not set in a dry run, as %s',
    async (format) => {
      await using source = await buildkite();
      const config = join(folder, 'no-key.yaml');
      await writeFile(
        config,
        `sources:
  - kind: buildkite
    endpoint: ${source.endpoint}
    agentTokens: [{ env: BUILDKITE_TOKEN }]
sinks:
  - kind: datadog
    apiKey: { env: DATADOG_KEY }
`,
      );

      const call = ['collect', '--config', config, '--dry-run', '--format', format];
      const without = await runCli(call, variables);
      const together = await runCli(call, { ...variables, DATADOG_KEY: '0123456789abcdef' });

      const message = /environment variable DATADOG_KEY .*; set it: export DATADOG_KEY=/;
      // The text exposition has no place for it.
      expect(format === 'prometheus' ? without.stderr : without.stdout).toMatch(message);
      expect(without.stdout).toContain('ci_queue_jobs{');
      expect(without.exitCode).toBe(3);
      expect(`${together.stdout}${together.stderr}`).not.toMatch(message);
      expect(together.exitCode).toBe(0);
    },
  );

  it('prices the interval of the configuration in a dry run, whatever --every says', async () => {
    await using source = await buildkite();
    const config = join(folder, 'new-relic.yaml');
    await writeFile(
      config,
      `interval: 1 minute
sources:
  - kind: buildkite
    endpoint: ${source.endpoint}
    agentTokens: [{ env: BUILDKITE_TOKEN }]
sinks:
  - kind: new-relic
    apiKey: { env: BUILDKITE_TOKEN }
`,
    );
    const call = ['collect', '--config', config, '--dry-run', '--no-color'];
    const cost = /^New Relic, data ingest .* GB .*$/m;

    const once = await runCli(call, variables);
    await using repeated = startCli([...call, '--every', '1s'], variables);
    const [ofFirst] = await repeated.printed(cost);

    expect(ofFirst).toMatch(/about 0\.[1-9]\d GB/);
    expect(ofFirst).toBe(cost.exec(once.stdout)?.[0]);
  });

  it.each(['prometheus', 'json'])('sends nothing in a dry run with --format %s', async (format) => {
    await using source = await buildkite();
    await using sink = await gateway();

    const { exitCode, stdout } = await runCli(
      ['collect', '--config', await configFile(source.endpoint, sink.url), '--dry-run', '--format', format],
      variables,
    );

    expect(exitCode).toBe(0);
    expect(sink.requests).toEqual([]);
    expect(stdout).toContain('ci_queue_jobs');
  });

  it('is 1 and names source, reason and remedy when the CI system is dead', async () => {
    const gone = await buildkite();
    await gone[Symbol.asyncDispose]();
    await using sink = await gateway();

    const { exitCode, stdout } = await runCli(
      ['collect', '--config', await configFile(gone.endpoint, sink.url), '--timeout', '3s'],
      variables,
    );

    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^buildkite\/main +✖ failed/m);
    expect(stdout).toMatch(/✖ (unavailable|timeout) {2}buildkite\/main/);
  });

  it('is 1 when the only sink refuses everything, and says so', async () => {
    await using source = await buildkite();
    await using sink = await serve((_, response) => {
      response.writeHead(400).end('pushed metrics are invalid');
    });

    const { exitCode, stdout } = await runCli(
      ['collect', '--config', await configFile(source.endpoint, sink.url)],
      variables,
    );

    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^pushgateway\/gateway +✖ failed/m);
    expect(stdout).toContain('pushed metrics are invalid');
  });

  it('is 4 for a token that is refused, where nothing else went well, and never shows it', async () => {
    await using source = await serve((_, response) => {
      answerJson(response, 401, { message: `Invalid access token ${token}` });
    });
    await using sink = await gateway();

    const { exitCode, stdout, stderr } = await runCli(
      ['collect', '--config', await configFile(source.url, sink.url), '--verbose'],
      variables,
    );

    expect(exitCode).toBe(4);
    expect(stdout).toMatch(/✖ auth/);
    expect(stdout + stderr).not.toContain(token);
  });

  it('runs every second until SIGINT and ends with a summary and the code of the last run', async () => {
    await using source = await buildkite();
    await using sink = await gateway();
    const config = await configFile(source.endpoint, sink.url);

    await using running = startCli(['collect', '--config', config, '--every', '1s'], variables);
    await running.printed(/ok in (?:.|\n)*ok in /);
    running.child.kill('SIGINT');
    const { exitCode, stderr } = await running.ended;

    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^(\d+) runs in .*: \1 ok\n$/);
  });

  it('lets go of a server that never answers when it is interrupted', async () => {
    await using source = await buildkite('hang');
    await using sink = await gateway();
    const config = await configFile(source.endpoint, sink.url);

    await using running = startCli(['collect', '--config', config], variables);
    while (source.requests.length === 0) await sleep(10);
    running.child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await running.ended;

    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'interrupted before the run ended; nothing was sent\n',
    });
    expect(sink.requests).toEqual([]);
  });

  it('says what was sent and what was not when it is interrupted while it delivers', async () => {
    await using source = await buildkite();
    // Takes the first push and never answers the second one.
    let pushes = 0;
    await using sink = await serve(({ method }, response) => {
      if (method === 'GET') answerJson(response, 200, { status: 'success', data: [] });
      else if ((pushes += 1) === 1) response.writeHead(200).end();
    });
    const config = await configFile(source.endpoint, sink.url);

    await using running = startCli(['collect', '--config', config], variables);
    while (pushes < 2) await sleep(10);
    running.child.kill('SIGTERM');
    const { exitCode, stdout, stderr } = await running.ended;

    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^interrupted while it delivered\n {2}pushgateway\/gateway: [1-9]\d* samples? sent; .+\n$/);
  });

  it.each([
    ['nothing of a run that went well', 'ok', 0, /^$/],
    ['a run with a problem', 'unauthorized', 4, /✖ auth/],
  ] as const)('shows %s with --quiet', async (_title, scenario, code, shown) => {
    await using source = await buildkite(scenario);
    await using sink = await gateway();

    const { exitCode, stdout, stderr } = await runCli(
      ['collect', '--config', await configFile(source.endpoint, sink.url), '--quiet'],
      variables,
    );

    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
    expect(stdout).toMatch(shown);
  });

  it('shows no summary with --quiet, and ends with the code of the last run', async () => {
    await using source = await buildkite('unauthorized');
    await using sink = await gateway();
    const config = await configFile(source.endpoint, sink.url);

    await using running = startCli(['collect', '--config', config, '--every', '1s', '--quiet'], variables);
    await running.printed(/✖ auth(?:.|\n)*✖ auth/);
    running.child.kill('SIGINT');
    const { exitCode, stderr } = await running.ended;

    // A third run may have begun: it is told, for it is no run that went well.
    expect({ exitCode, told: stderr.replace(/^interrupted .*\n/, '') }).toEqual({ exitCode: 4, told: '' });
  });

  it('ends quietly when nobody reads its output any more', async () => {
    await using source = await buildkite();
    await using sink = await gateway();
    const config = await configFile(source.endpoint, sink.url);

    await using running = startCli(['collect', '--config', config, '--every', '1s'], variables);
    await running.printed(/ok in /);
    running.child.stdout.destroy();
    const { signal, stderr } = await running.ended;

    expect(signal).toBeNull();
    expect(stderr).not.toContain('EPIPE');
  });

  it.skipIf(process.platform !== 'linux').each([
    ['a full disk', '/dev/full', 'the disk is full; free space (ENOSPC)'],
    // Written by half, which is no error of that write.
    ['a file that may not grow', join(tmpdir(), `ci-metrics-cut-${String(process.pid)}`), '(ulimit -f) (EFBIG)'],
  ])('fails, and says why, when its output is cut off by %s', async (_, target, reason) => {
    const command = `ulimit -f 1; exec "$0" "${mainFile}" help collect > "${target}"`;

    const { code, stderr } = await new Promise<{ readonly code: unknown; readonly stderr: string }>((resolve) => {
      execFile('bash', ['-c', command, process.execPath], (error, _stdout, stderr) => {
        resolve({ code: error?.code, stderr });
      });
    });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: standard output cannot be written completely: .*\n$/);
    expect(stderr).toContain(reason);
    if (target !== '/dev/full') await rm(target);
  });

  it.each([
    ['NO_COLOR=1 and FORCE_COLOR=1', { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    ['FORCE_COLOR=1', { FORCE_COLOR: '1' }, true],
  ])('with %s has colours: %s', async (_, colour, coloured) => {
    await using source = await buildkite();
    await using sink = await gateway();

    const { stdout } = await runCli(['collect', '--config', await configFile(source.endpoint, sink.url)], {
      ...variables,
      ...colour,
    });

    expect(stdout.includes('\x1b[')).toBe(coloured);
  });
});
