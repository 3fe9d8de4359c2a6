/** Nothing of what the collector proves itself with is shown in a terminal, whatever it is asked to show. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { dispatch } from '../../lambda/cli/commands/dispatch.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';
import { sinkSubjects, sourceSubjects } from '../contracts/subjects.ts';
import { canaries, canariesIn } from '../support/canary.ts';
import { type EchoServer, encodingsOf, startEchoServer } from '../support/network/echo-server.ts';
import { startProxy } from '../support/network/proxy-server.ts';

const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLE/session+token==/of-a-canary';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const accessToken = 'oauth-access-token/canary+0a1b2c3d==';
const kubeconfigToken = 'kubeconfig-token.canary_5e6f7a8b9c';
const proxyPassword = 'proxy-canary/pass+word=1';
const known = { sessionToken, secretAccessKey, accessToken, kubeconfigToken, proxyPassword };

afterEach(() => {
  vi.unstubAllEnvs();
});

/** As `aws` has them; every client of the SDK is led to the server. */
function signAsCanary(url: string): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', sessionToken);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
}

const sourceKinds = Object.entries(sourceSubjects);

/** Every kind of source, and each kind of credential that one can have. */
function allSources(url: string): readonly object[] {
  const plain = sourceKinds.map(([kind, { config }]) => ({ ...config(url), name: `token-${kind}` }));
  const oauth = { clientId: 'id', clientSecret: { env: 'CANARY_TOKEN' }, tokenUrl: `${url}/oauth-token` };
  const certificateAuthority = Buffer.from('any').toString('base64');
  const eks = { name: 'ci', region: 'eu-west-1', endpoint: url, certificateAuthority };
  return [
    ...plain,
    { kind: 'bitbucket-pipelines', name: 'oauth', endpoint: `${url}/2.0`, workspace: 'acme', auth: { oauth } },
    { kind: 'tekton', name: 'eks', cluster: { eks } },
    { kind: 'tekton', name: 'kubeconfig', cluster: { kubeconfig: { env: 'KUBECONFIG_TEXT' } } },
    {
      ...sourceSubjects.prometheus.config(url.replace('127.0.0.1', 'ci.example')),
      name: 'proxied',
      plaintext: 'allow',
    },
  ];
}

function kubeconfigFor(url: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'ci',
    contexts: [{ name: 'ci', context: { cluster: 'ci', user: 'reader' } }],
    clusters: [{ name: 'ci', cluster: { server: url } }],
    users: [{ name: 'reader', user: { token: kubeconfigToken } }],
  });
}

/** Every kind of sink, with each kind of credential. */
function allSinks(url: string, folder: string): readonly object[] {
  const sent = Object.entries(sinkSubjects).filter(([kind]) => kind !== 'stdout' && kind !== 'file');
  return [
    ...sent.map(([kind, { config }]) => ({ ...config(url, folder), name: `echo-${kind}` })),
    { kind: 'remote-write', name: 'signed', url: `${url}/write`, auth: { sigv4: { region: 'eu-west-1' } } },
    { kind: 'stdout' },
    { kind: 'stdout', name: 'stdout-json', format: 'json' },
    { kind: 'file', path: join(folder, 'metrics.prom') },
    { kind: 'file', name: 'file-json', path: join(folder, 'metrics.jsonl'), format: 'json' },
  ];
}

interface Shown {
  readonly out: string;
  readonly err: string;
  /** What is in the folder of the configuration and of the state, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** What `collect` shows and leaves behind; with `--every` it is interrupted after the second run. */
async function shownBy(
  configOf: (folder: string) => object,
  { format, mode }: View,
  variables: Readonly<Record<string, string>>,
): Promise<Shown> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-terminal-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'collector.yaml');
  await writeFile(path, JSON.stringify(configOf(folder)));
  const terminal = fakeTerminal({ size: { columns: 60, rows: 24 }, variables });

  const ending = dispatch(['collect', '--config', path, '--timeout', '20s', '--format', format, ...mode], terminal);
  if (mode[0] === '--every') {
    const runs = (): number => [...terminal.out().matchAll(beginnings[format])].length;
    await vi.waitUntil(() => terminal.err().includes('error:') || runs() > 1, { timeout: 60_000 });
    terminal.interrupt();
  }
  await ending;

  await rm(path);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const));
  return { out: terminal.out(), err: terminal.err(), files: Object.fromEntries(texts) };
}

/** What each run begins with, by format. */
const beginnings = {
  table: /^\S+ (?:ok|degraded|failed) in /gmu,
  json: /^\{"/gm,
  prometheus: /^# TYPE ci_collector_source_up /gm,
};

/** With `--verbose` everything is shown that is shown without it. */
const views = (
  [
    { format: 'table', mode: ['--once', '--verbose'] },
    { format: 'json', mode: ['--once', '--verbose'] },
    { format: 'prometheus', mode: ['--once', '--verbose'] },
    { format: 'json', mode: ['--dry-run', '--verbose'] },
    { format: 'table', mode: ['--every', '1s'] },
  ] satisfies readonly View[]
).map((view) => ({ ...view, name: ['--format', view.format, ...view.mode].join(' ') }));

interface View {
  readonly format: keyof typeof beginnings;
  readonly mode: readonly string[];
}

function expectNothingShown(shown: Shown, values: Readonly<Record<string, string>>): void {
  expect(canariesIn(shown)).toEqual([]);
  expect(canariesIn(shown, { ...known, ...values })).toEqual([]);
}

describe.each(views)('collect $name', ({ format, mode }) => {
  it('shows no credential that all servers echo', { timeout: 90_000 }, async () => {
    await using proxy = await startProxy();
    const pair = Buffer.from(`user:${proxyPassword}`).toString('base64');
    await using server: EchoServer = await startEchoServer({
      status: 400,
      // A message is cut at 300 characters: in the middle of the first echo.
      lead: 290,
      said: [pair, proxyPassword],
      answer: ({ path }) => (path === '/oauth-token' ? { access_token: accessToken, expires_in: 7200 } : undefined),
    });
    await using buildkite = await startEchoServer({ status: 200, answer: () => metricsOf(['default']) });
    signAsCanary(server.url);
    const healthy = { ...sourceSubjects.buildkite.config(buildkite.url), name: 'healthy' };

    const shown = await shownBy(
      (folder) => ({ sources: [healthy, ...allSources(server.url)], sinks: allSinks(server.url, folder) }),
      { format, mode },
      {
        // As a careless hand stores it.
        CANARY_TOKEN: `  ${canaries.token} \n`,
        KUBECONFIG_TEXT: kubeconfigFor(server.url),
        AWS_REGION: 'eu-west-1',
        HTTP_PROXY: `http://user:${encodeURIComponent(proxyPassword)}@127.0.0.1:${String(proxy.port)}`,
        NO_PROXY: '127.0.0.1',
      },
    );

    const credentials = server.credentials();
    expect(Object.values(credentials)).toEqual(expect.arrayContaining([canaries.token, accessToken, kubeconfigToken]));
    expect(proxy.credentials).toContain(`Basic ${pair}`);
    // A page of figures has no messages, and a dry run asks no sink.
    if (format !== 'prometheus' && mode[0] !== '--dry-run') expect(shown.out).toContain('[redacted]');
    expectNothingShown(shown, credentials);
  });

  it('shows no token that comes back as the name of a queue, in any form', { timeout: 90_000 }, async () => {
    const names = encodingsOf(canaries.token).map((name, index) => `q${String(index)} ${name}`);
    await using buildkite = await startEchoServer({ status: 200, answer: () => metricsOf(names) });

    const shown = await shownBy(
      (folder) => ({
        sources: [sourceSubjects.buildkite.config(buildkite.url)],
        sinks: [
          { kind: 'stdout' },
          { kind: 'file', path: join(folder, 'metrics.prom') },
          { kind: 'file', name: 'file-json', path: join(folder, 'metrics.jsonl'), format: 'json' },
        ],
      }),
      { format, mode },
      { CANARY_TOKEN: canaries.token },
    );

    expect(shown.out).toMatch(/q0 \[reda/);
    expectNothingShown(shown, {});
  });
});

/** An answer of the agent API with these queues. */
function metricsOf(queues: readonly string[]): object {
  const jobs = { scheduled: 2, running: 1, waiting: 3, total: 3 };
  const agents = { idle: 0, busy: 1, total: 1 };
  const each = (figures: object): object => Object.fromEntries(queues.map((name) => [name, figures]));
  return {
    organization: { slug: 'acme' },
    cluster: { name: 'Linux' },
    jobs: { ...jobs, queues: each(jobs) },
    agents: { ...agents, queues: each(agents) },
  };
}
