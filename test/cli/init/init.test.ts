/** Tests of `init`: what it asks, what it writes, and that it never takes a token. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dispatch } from '../../../lambda/cli/commands/dispatch.ts';
import { sinkKinds, sourceKinds } from '../../../lambda/cli/init/questions.ts';
import { packageProgram } from '../../../lambda/cli/program.ts';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { type FakeTerminalOptions, fakeTerminal } from '../fake-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-init-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;

async function init(argv: readonly string[], options: FakeTerminalOptions = {}) {
  count += 1;
  const file = join(folder, `${String(count)}.yaml`);
  const terminal = fakeTerminal(options);
  const exitCode = await dispatch(['init', '--output', file, ...argv], terminal);
  const read = (): unknown => parse(readFileSync(file, 'utf8'));
  return { file, exitCode, out: terminal.out(), err: terminal.err(), read };
}

const toCloudWatch = ['--sink', 'cloudwatch', '--email', 'none'];

describe('init', () => {
  it('writes what was asked for by options, and says what comes next', async () => {
    const token = 'secret:ci-metrics/buildkite#agentToken';
    const { exitCode, read, out, file } = await init([
      ...['--source', 'buildkite', '--token', token, '--sink', 'cloudwatch', '--email', 'ci@example.com'],
    ]);

    expect(exitCode).toBe(0);
    expect(read()).toEqual({
      interval: '1 minute',
      sources: [{ kind: 'buildkite', agentTokens: [{ secret: 'ci-metrics/buildkite', key: 'agentToken' }] }],
      sinks: [{ kind: 'cloudwatch' }],
      alarms: { emails: ['ci@example.com'] },
    });
    expect(out).toBe(
      `${file} is written and checked. Next:\n` +
        '1. Deploy it; in an app of your own, give CiMetricsCollector this file as configFile\n' +
        '   npx cdk deploy\n' +
        '2. Fill the secret; the file secret.json holds {"agentToken": "…"}\n' +
        '   aws secretsmanager put-secret-value --secret-id ci-metrics/buildkite --secret-string file://secret.json\n' +
        '3. Open the dashboard that the stack has printed; look at its log for the first run\n',
    );
  });

  it('asks for the rest in a terminal, and takes what it suggests', async () => {
    const { exitCode, out, read, file } = await init([], {
      answers: ['terminal', '', '', 'pushgateway', '', 'https://push.example.com', 'file:/etc/push-token'],
      program: packageProgram,
    });

    expect(exitCode).toBe(0);
    expect(read()).toMatchObject({
      sources: [{ kind: 'buildkite', agentTokens: [{ env: 'BUILDKITE_AGENT_TOKEN' }] }],
      sinks: [{ kind: 'pushgateway', url: 'https://push.example.com', auth: { bearer: { file: '/etc/push-token' } } }],
    });
    expect(out).toContain('Which CI system is read?\n  buildkite: queues and agents, by an agent token\n');
    expect(out).toContain('[env:BUILDKITE_AGENT_TOKEN]');
    expect(out).toContain('read -rs BUILDKITE_AGENT_TOKEN && export BUILDKITE_AGENT_TOKEN\n');
    expect(out).toContain('install -m 600 /dev/stdin /etc/push-token\n');
    expect(out).toContain(`ci-metrics-collector collect --config ${file} --dry-run\n`);
    expect(out).toContain(`ci-metrics-collector collect --config ${file} --every 1m\n`);
  });

  it.each(sourceKinds.flatMap(({ kind: source }) => sinkKinds.map(({ kind: sink }) => [source, sink] as const)))(
    'writes a configuration of %s and %s that is accepted',
    async (source, sink) => {
      const place = sink === 'scrape-page' ? 'terminal' : 'aws';
      const url = ['--url', 'https://ci.example.com/metrics', '--sink-url', 'https://metrics.example.com/push'];
      const { exitCode, file } = await init([
        ...['--for', place, '--source', source, '--sink', sink, '--account', 'acme', ...url],
      ]);

      expect(exitCode).toBe(0);
      const environment = place === 'aws' ? 'lambda' : 'terminal';
      const config = parseConfig(readFileSync(file, 'utf8'), { file, environment });
      expect(config.sources[0]).toMatchObject({ kind: source });
      expect(config.sinks[0]).toMatchObject({ kind: sink });
    },
  );

  it('knows every source', () => {
    expect(sourceKinds.map(({ kind }) => kind).sort()).toEqual(sources.map(({ kind }) => kind));
  });

  it('signs for Amazon Managed Prometheus with the role', async () => {
    const url = 'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write';
    const { read } = await init(['--sink', 'remote-write', '--sink-url', url]);

    expect(read()).toMatchObject({ sinks: [{ url, auth: { sigv4: { region: 'eu-west-1' } } }] });
  });

  it.each([
    [['--token', 'bkct_0123456789abcdef'], '--token says where the token will lie, never what it is: secret:NAME'],
    [['--token', 'secret:not a name'], '--token says where'],
    [['--source', 'bitbucket-pipelines'], '--account is needed where nobody can be asked: Which workspace'],
    [['--source', 'buildkit'], '--source must be one of buildkite,'],
    [['--sink', 'prometheus'], '--sink must be one of cloudwatch,'],
    [['--for', 'azure'], '--for must be aws or terminal'],
  ])('refuses %j', async (argv, message) => {
    const { exitCode, err } = await init([...argv, ...(argv.includes('--sink') ? [] : toCloudWatch)]);

    expect(exitCode).toBe(2);
    expect(err).toContain(`error: ${message}`);
    expect(err).not.toContain('bkct_');
  });

  it('writes nothing that the checks refuse', async () => {
    const { exitCode, err, read } = await init(['--token', 'env:TOKEN', ...toCloudWatch]);

    expect(exitCode).toBe(2);
    expect(err).toContain('agentTokens[0]');
    expect(read).toThrow(/ENOENT/);
  });

  it('leaves a file that is there, unless it is forced', async () => {
    const file = join(folder, 'there.yaml');
    writeFileSync(file, 'mine');
    const refused = fakeTerminal();
    const forced = fakeTerminal();

    expect(await dispatch(['init', '-o', file, ...toCloudWatch], refused)).toBe(2);
    expect(refused.err()).toContain(`${file} is there already; name another file with --output`);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await dispatch(['init', '-o', file, '--force', ...toCloudWatch], forced)).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('kind: buildkite');
  });
});
