/** Tests that no credential shows when a server sends back what the collector sent. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { sinkSubjects, sourceSubjects } from '../../contracts/subjects.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { type EchoServer, startEchoServer } from '../../support/network/echo-server.ts';
import { startProxy } from '../../support/network/proxy-server.ts';
import { callerKey, startStsFake, trustedRole } from '../../support/aws/sts-fake.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const budgetMs = 20_000;
const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLE/session+token==/of-a-canary';
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** As `aws` and the function have them; every client of the SDK is led to the server. */
function signAsCanary(url: string): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', sessionToken);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ENDPOINT_URL', url);
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
}

interface Shown {
  readonly outputs: unknown;
  readonly problems: readonly string[];
}

/** Two runs, and everything that they say, keep and write. */
async function shownBy(
  { sources, sinks = [] }: { readonly sources: readonly object[]; readonly sinks?: readonly object[] },
  variables: Readonly<Record<string, string>> = {},
  token: string = canaries.token,
): Promise<Shown> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-echo-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const always = [{ kind: 'stdout' }, { kind: 'file', path: join(folder, 'metrics.prom') }];
  await using pipeline = await contractPipeline({ sources, sinks: [...always, ...sinks] }, { variables, token });
  const first = await pipeline.run(budgetMs);
  const second = await pipeline.run(budgetMs, first);
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  const parts = [first, second].flatMap((report) => [...report.sources, ...report.sinks]);
  return {
    outputs: {
      reports: [first, second],
      printed: pipeline.said().printed,
      written: pipeline.written(),
      kept: pipeline.kept(),
      files,
    },
    problems: parts.flatMap(({ problems }) => problems.map(({ message }) => message)),
  };
}

function expectNothingShown({ outputs, problems }: Shown, server: EchoServer, more = {}): void {
  expect(server.requests.length).toBeGreaterThan(0);
  expect(Object.keys(server.credentials())).not.toEqual([]);
  expect(problems).not.toEqual([]);
  expectNoCanary(outputs);
  expectNoCanary(outputs, { ...server.credentials(), sessionToken, secretAccessKey, ...more });
}

describe.each(Object.entries(sourceSubjects))('the source %s', (_, subject) => {
  it.each([
    ['400', 400, 0],
    ['401, cut at 300 characters', 401, 296],
    ['403, cut at 1,024 characters', 403, 1014],
    ['500', 500, 0],
  ])('whose server echoes with %s', async (_name, status, lead) => {
    await using server = await startEchoServer({ status, lead });

    // As `echo` and a careless hand store it: sent without the blanks.
    const shown = await shownBy({ sources: [subject.config(server.url)] }, {}, `  ${canaries.token} \n\n`);

    expectNothingShown(shown, server);
  });
});

describe('every sink', () => {
  it.each([
    ['400', 400, 0],
    ['401, cut at 300 characters', 401, 296],
    ['403, cut at 1,024 characters', 403, 1014],
  ])('whose server echoes with %s', async (_name, status, lead) => {
    await using buildkite = await startEchoServer({ status: 200, answer: () => metrics });
    await using server = await startEchoServer({ status, lead });
    signAsCanary(server.url);
    const sent = Object.entries(sinkSubjects).filter(([kind]) => kind !== 'stdout' && kind !== 'file');
    const others = sent.map(([kind, { config }]) => ({ ...config(server.url, tmpdir()), name: `echo-${kind}` }));
    const signed = {
      kind: 'remote-write',
      name: 'signed',
      url: `${server.url}/write`,
      auth: { sigv4: { region: 'eu-west-1' } },
    };
    const sinks = [...others, signed];

    const shown = await shownBy({ sources: [sourceSubjects.buildkite.config(buildkite.url)], sinks });

    expectNothingShown(shown, server);
  });
});

const metrics = {
  organization: { slug: 'acme' },
  cluster: { name: 'Linux' },
  jobs: {
    scheduled: 2,
    running: 1,
    waiting: 3,
    total: 3,
    queues: { default: { scheduled: 2, running: 1, waiting: 3, total: 3 } },
  },
  agents: { idle: 0, busy: 1, total: 1, queues: { default: { idle: 0, busy: 1, total: 1 } } },
};

describe('a credential that is made of another one', () => {
  it('an access token of OAuth', async () => {
    const accessToken = 'oauth-access-token/canary+0a1b2c3d==';
    await using server = await startEchoServer({
      status: 403,
      lead: 290,
      answer: ({ path }) => (path.includes('token') ? { access_token: accessToken, expires_in: 7200 } : undefined),
    });
    const oauth = { clientId: 'id', clientSecret: { env: 'CANARY_TOKEN' }, tokenUrl: `${server.url}/token` };
    const source = { kind: 'bitbucket-pipelines', endpoint: `${server.url}/2.0`, workspace: 'acme', auth: { oauth } };

    expectNothingShown(await shownBy({ sources: [source] }), server, { accessToken });
  });

  it('a token of an EKS cluster, with the session and the signature inside', async () => {
    await using server = await startEchoServer({ status: 403 });
    signAsCanary(server.url);
    const certificateAuthority = Buffer.from('any').toString('base64');
    const eks = { name: 'ci', region: 'eu-west-1', endpoint: server.url, certificateAuthority };

    const shown = await shownBy({ sources: [{ kind: 'tekton', cluster: { eks } }] }, { AWS_REGION: 'eu-west-1' });

    expectNothingShown(shown, server);
  });

  it('the session of a role that is assumed', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', callerKey.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', callerKey.secretAccessKey);
    vi.stubEnv('AWS_SESSION_TOKEN', callerKey.sessionToken);
    await using sts = await startStsFake({ region: 'eu-west-1', clock: Date.now });
    await using buildkite = await startEchoServer({ status: 200, answer: () => metrics });
    await using server = await startEchoServer({ status: 400, lead: 200 });
    const sigv4 = { region: 'us-east-1', roleArn: trustedRole };
    const sinks = [{ kind: 'remote-write', name: 'signed', url: `${server.url}/write`, auth: { sigv4 } }];

    const shown = await shownBy(
      { sources: [sourceSubjects.buildkite.config(buildkite.url)], sinks },
      { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_STS: sts.url },
    );

    expect(server.credentials()).toHaveProperty('session', 'token-of-session-0==');
    expectNothingShown(shown, server, { key: 'secret-of-session-0', own: callerKey.sessionToken });
  });

  it('a token out of a kubeconfig', async () => {
    await using server = await startEchoServer({ status: 403, lead: 290 });
    const token = 'kubeconfig-token.canary_5e6f7a8b9c';
    const kubeconfig = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'ci',
      contexts: [{ name: 'ci', context: { cluster: 'ci', user: 'reader' } }],
      clusters: [{ name: 'ci', cluster: { server: server.url } }],
      users: [{ name: 'reader', user: { token } }],
    });
    const source = { kind: 'tekton', cluster: { kubeconfig: { env: 'KUBECONFIG_TEXT' } } };

    const shown = await shownBy({ sources: [source] }, { KUBECONFIG_TEXT: kubeconfig });

    expectNothingShown(shown, server, { token });
  });

  it('the password of a proxy', async () => {
    const password = 'proxy-canary/pass+word=1';
    await using proxy = await startProxy();
    const pair = Buffer.from(`user:${password}`).toString('base64');
    await using server = await startEchoServer({ status: 403, said: [pair, password] });
    const source = {
      ...sourceSubjects.prometheus.config(server.url.replace('127.0.0.1', 'ci.example')),
      plaintext: 'allow',
    };
    const variables = { HTTP_PROXY: `http://user:${encodeURIComponent(password)}@127.0.0.1:${String(proxy.port)}` };

    const shown = await shownBy({ sources: [source] }, variables);

    expect(proxy.credentials).toContain(`Basic ${pair}`);
    expectNothingShown(shown, server, { password, pair });
  });
});
