/** What `collect` tells its caller by its exit code, in each format, and what --quiet then leaves out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentMetrics, answerJson, serve } from './loopback.ts';
import { type Ended, runCli } from './run-cli.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-exit-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** How a run goes, by what the servers answer: of two sinks one or both take what comes. */
const outcomes = {
  ok: { source: 200, sinks: [200, 200], code: 0 },
  failed: { source: 500, sinks: [200, 200], code: 1 },
  degraded: { source: 200, sinks: [200, 400], code: 3 },
  refused: { source: 401, sinks: [200, 200], code: 4 },
} as const;
type OutcomeName = keyof typeof outcomes;

async function collect(name: OutcomeName, ...options: readonly string[]): Promise<Ended> {
  const { source, sinks } = outcomes[name];
  await using ci = await serve((_, response) => {
    answerJson(response, source, source === 200 ? agentMetrics : { message: 'no' });
  });
  await using gateway = await serve(({ method, path }, response) => {
    if (method === 'GET') answerJson(response, 200, { status: 'success', data: [] });
    else response.writeHead(sinks[path.startsWith('/second') ? 1 : 0]).end();
  });
  const config = join(folder, `${name}.yaml`);
  await writeFile(
    config,
    `sources:
  - { kind: buildkite, name: main, endpoint: '${ci.url}', agentTokens: [{ env: BUILDKITE_TOKEN }] }
sinks:
  - { kind: pushgateway, name: first, url: '${gateway.url}' }
  - { kind: pushgateway, name: second, url: '${gateway.url}/second' }
`,
  );
  return await runCli(['collect', '--config', config, '--timeout', '4s', ...options], {
    BUILDKITE_TOKEN: 'bkct_canary-4f1c9e',
  });
}

const names = ['ok', 'failed', 'degraded', 'refused'] as const;

describe.each(names)('a run that is %s', (name) => {
  const { code } = outcomes[name];

  it.each([
    ['table', name === 'ok' || name === 'degraded' ? /default/ : /✖ failed/],
    ['prometheus', /^ci_collector_sink_up\{sink="second"\} [01]$/m],
    ['json', new RegExp(`^\\{.*"outcome":"${name === 'refused' ? 'failed' : name}"`)],
  ] as const)(`ends with ${String(code)} and is shown with --format %s`, async (format, shown) => {
    const { exitCode, stdout, stderr } = await collect(name, '--format', format);

    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
    expect(stdout).toMatch(shown);
  });

  it(`ends with ${String(code)}, and is shown with --quiet only where something is wrong`, async () => {
    const { exitCode, stdout, stderr } = await collect(name, '--quiet');

    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
    if (name === 'ok') expect(stdout).toBe('');
    else expect(stdout).toMatch(/✖|▲|degraded/);
  });
});

describe('a dry run with --quiet', () => {
  it.each([
    ['ok', 0, /^$/],
    ['refused', 4, /auth/],
  ] as const)('that is %s ends with %i', async (name, code, shown) => {
    const { exitCode, stdout, stderr } = await collect(name, '--quiet', '--dry-run');

    expect({ exitCode, stderr }).toEqual({ exitCode: code, stderr: '' });
    expect(stdout).toMatch(shown);
  });
});

describe('a configuration that is refused', () => {
  it.each([[[]], [['--quiet']], [['--json']], [['--format', 'prometheus']]] as const)(
    'ends with 2 and its reason on standard error, with %j',
    async (options) => {
      const config = join(folder, 'refused-configuration.yaml');
      await writeFile(config, 'sources: []\nsinks: [{ kind: nothing }]\n');

      const { exitCode, stdout, stderr } = await runCli(['collect', '--config', config, ...options]);

      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/sources: must have an entry/);
    },
  );
});
