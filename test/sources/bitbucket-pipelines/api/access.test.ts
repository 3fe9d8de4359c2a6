/** Tests of entering Bitbucket's API as an OAuth consumer, or with an API token. */
import { describe, expect, it } from 'vitest';
import {
  type BitbucketServer,
  type BitbucketServerOptions,
  startBitbucketServer,
} from '../../../../lambda/demo/simulators/bitbucket/server.ts';
import { createWorkspace } from '../../../../lambda/demo/simulators/bitbucket/workspace.ts';
import { bitbucketSource, type TestSource, valuesOf } from '../harness.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 5, 9);

interface Opened extends AsyncDisposable {
  readonly server: BitbucketServer;
  readonly source: TestSource;
  /** A tick some minutes later. */
  readonly tick: (minutes?: number) => ReturnType<TestSource['collect']>;
  readonly paths: () => readonly string[];
}

type Credentials = Partial<BitbucketServerOptions> & {
  readonly auth: (server: BitbucketServer) => object;
  readonly variables?: Readonly<Record<string, string>>;
};

async function opened({ auth, variables = {}, ...options }: Credentials): Promise<Opened> {
  let nowMs = startMs;
  const clock = (): number => nowMs;
  const repositories = [{ slug: 'shop', project: 'WEB', runsPerHour: 20, pipelines: 'some' as const }];
  const workspace = createWorkspace({ slug: 'acme', seed: 3, startMs, repositories });
  const server = await startBitbucketServer({ workspace, clock, credentials: new Map(), ...options });
  const source = bitbucketSource({ endpoint: server.endpoint, auth: auth(server) }, { clock, variables });
  return {
    server,
    source,
    tick: (minutes = 1) => {
      nowMs += minutes * minuteMs;
      return source.collect();
    },
    paths: () => server.requests.map(({ path }) => path),
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

const tokenPath = '/site/oauth2/access_token';

describe('an OAuth consumer', () => {
  const consumer = {
    consumers: ['key:of the consumer'],
    variables: { CONSUMER: 'of the consumer\n' },
    auth: ({ tokenUrl }: BitbucketServer) => ({
      oauth: { clientId: 'key', clientSecret: { env: 'CONSUMER' }, tokenUrl },
    }),
  };
  const tokensIn = (paths: readonly string[]): number => paths.filter((path) => path === tokenPath).length;

  it('makes one token for all requests of all warm runs, and another one after a cold start', async () => {
    await using bitbucket = await opened(consumer);

    for (let run = 0; run < 10; run += 1) expect((await bitbucket.tick()).collection.problems).toEqual([]);
    expect(tokensIn(bitbucket.paths())).toBe(1);

    bitbucket.source.coldStart();
    await bitbucket.tick();
    expect(tokensIn(bitbucket.paths())).toBe(2);
  });

  it('renews its token before the end, so that no request is ever refused', async () => {
    await using bitbucket = await opened({ ...consumer, tokenSeconds: 1800 });

    for (let run = 0; run < 60; run += 1) await bitbucket.tick(2);

    // Two hours of tokens that are renewed after 25 minutes.
    expect(tokensIn(bitbucket.paths())).toBe(5);
    expect(bitbucket.server.answers.get(401)).toBeUndefined();
  });

  it('is a problem that names its secret when it is refused, and its secret is never told', async () => {
    await using bitbucket = await opened({ ...consumer, consumers: [] });

    const { problems } = (await bitbucket.tick()).collection;

    expect(problems).toMatchObject([{ kind: 'auth' }]);
    expect(problems[0]?.message).toContain('the OAuth consumer in environment variable CONSUMER');
    expect(JSON.stringify([problems, bitbucket.source.log.lines])).not.toContain('of the consumer');
  });

  it('whose secret was rotated is read again, and the run goes on as if nothing had been', async () => {
    const consumers = ['key:of the consumer'];
    const variables = { CONSUMER: 'of the consumer' };
    // Too short to last from one run to the next.
    await using bitbucket = await opened({ ...consumer, consumers, variables, tokenSeconds: 30 });
    await bitbucket.tick();

    consumers[0] = 'key:its successor';
    variables.CONSUMER = 'its successor';

    expect((await bitbucket.tick()).collection.problems).toEqual([]);
  });
});

describe('an Atlassian API token', () => {
  it('goes with the e-mail address of its owner', async () => {
    const header = `Basic ${Buffer.from('ci@example.com:secret token').toString('base64')}`;
    await using bitbucket = await opened({
      credentials: new Map([[header, 'api-token']]),
      variables: { TOKEN: 'secret token' },
      auth: () => ({ apiToken: { email: 'ci@example.com', token: { env: 'TOKEN' } } }),
    });

    const { collection } = await bitbucket.tick();

    expect(collection.problems).toEqual([]);
    expect(valuesOf(collection.families, 'ci_collector_repositories', ['source'])).toEqual({ acme: 1 });
  });
});

describe('an access token', () => {
  const auth = () => ({ accessToken: { env: 'TOKEN' } });

  it('that was rotated is read again, and the run goes on as if nothing had been', async () => {
    const credentials = new Map<string, 'access-token'>([['Bearer first', 'access-token']]);
    const variables = { TOKEN: 'first' };
    await using bitbucket = await opened({ credentials, variables, auth });
    await bitbucket.tick();

    credentials.delete('Bearer first');
    credentials.set('Bearer second', 'access-token');
    variables.TOKEN = 'second';

    expect((await bitbucket.tick()).collection.problems).toEqual([]);
  });

  it('that was revoked is a problem with a remedy, and costs one request a run', async () => {
    await using bitbucket = await opened({ variables: { TOKEN: 'revoked' }, auth });

    const { problems } = (await bitbucket.tick()).collection;

    expect(problems).toMatchObject([{ kind: 'auth' }]);
    expect(problems[0]?.message).toMatch(/access token in .*TOKEN is wrong, expired or revoked; make a new one/);
    expect(bitbucket.paths().length).toBeLessThanOrEqual(2);
  });

  it('without the scope of runners costs only the runners, and the scope is named', async () => {
    const credentials = new Map([['Bearer token', 'access-token' as const]]);
    const scopes = ['repository', 'pipeline'];
    await using bitbucket = await opened({ credentials, variables: { TOKEN: 'token' }, auth, scopes });

    const { collection } = await bitbucket.tick();

    expect(collection.problems).toMatchObject([{ kind: 'auth' }]);
    expect(collection.problems[0]?.message).toContain('give it "runner" to read runners');
    expect(valuesOf(collection.families, 'ci_collector_repository_looks', ['source'])).toEqual({ acme: 1 });
    expect(valuesOf(collection.families, 'ci_bitbucket_credential_excess_scopes', ['source'])).toEqual({ acme: 0 });
  });

  it('that may do more than it needs to is told once, and counted', async () => {
    const credentials = new Map([['Bearer token', 'access-token' as const]]);
    const scopes = ['repository', 'pipeline', 'runner', 'repository:admin', 'pipeline:write'];
    await using bitbucket = await opened({ credentials, variables: { TOKEN: 'token' }, auth, scopes });

    await bitbucket.tick();
    const { collection } = await bitbucket.tick();

    expect(collection.problems).toEqual([]);
    expect(valuesOf(collection.families, 'ci_bitbucket_credential_excess_scopes', ['source'])).toEqual({ acme: 2 });
    const warnings = bitbucket.source.log.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).toContain('["repository:admin","pipeline:write"]');
  });
});
