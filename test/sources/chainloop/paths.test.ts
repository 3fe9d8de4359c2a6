/** Tests of the two ways to read Chainloop, gRPC-Web and the metrics page, and of choosing between them. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Records } from '../../../lambda/demo/simulators/chainloop/records.ts';
import type { Scenario } from '../../../lambda/demo/simulators/chainloop/replies.ts';
import {
  apiToken,
  minuteMs,
  nonZero,
  runOf,
  shopBuild,
  shopRelease,
  startOrganization,
  type TestOptions,
  type TestOrganization,
  tokenWith,
  valuesOf,
} from './harness.ts';

const upLabels = ['org', 'workflow', 'runner'] as const;

async function organizationIn(scenario: Scenario, options: TestOptions = {}): Promise<TestOrganization> {
  const organization = await startOrganization(options);
  organization.server.playScenario(scenario);
  organization.workflows = [shopBuild, shopRelease];
  organization.runs = [
    runOf('a', -5, { lasted: 1 }),
    runOf('b', -5, { lasted: 1, workflow: shopRelease, status: 'failed' }),
  ];
  return organization;
}

describe('a control plane that cannot be called', () => {
  it.each(['unknown service', 'no gRPC-Web', 'login page instead of gRPC-Web'] as const)(
    'is replaced by its metrics page, and that is said: %s',
    async (scenario) => {
      await using organization = await organizationIn(scenario);

      const { families, problems } = await organization.tick();

      expect(problems.map(({ kind }) => kind)).toEqual(['configuration']);
      expect(problems[0]?.message).toMatch(/only what \/prom has is published.*set read: relay/);
      expect(valuesOf(families, 'chainloop_workflow_up', upLabels)).toEqual({
        'acme build GITHUB_ACTION': 1,
        'acme release GITHUB_ACTION': 0,
      });
      expect(valuesOf(families, 'chainloop_workflow_run_duration_seconds', ['workflow', 'status'])).toEqual({
        'build success': 1,
        'release error': 1,
      });
    },
  );

  it('is a problem where nothing else may be read', async () => {
    await using organization = await organizationIn('no gRPC-Web', { config: { read: 'control-plane' } });

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['configuration']);
    expect(organization.server.requests.map(({ path }) => path)).toEqual(['/controlplane.v1.WorkflowRunService/List']);
  });

  it('and has no metrics page either is one problem', async () => {
    await using organization = await organizationIn('no gRPC-Web', { config: { organization: 'other' } });

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind, message }) => [kind, /belongs to another organization/.test(message)])).toEqual([
      ['configuration', true],
    ]);
  });
});

describe('an answer over gRPC-Web', () => {
  it.each(['capital trailers', 'message in two frames'] as const)('is understood with %s', async (scenario) => {
    await using organization = await organizationIn(scenario);

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1, release: 0 });
  });

  it.each([
    ['revoked token', 'auth', /revoked/],
    ['forbidden lists', 'auth', /may not list workflow runs/],
    ['cut off in a frame', 'bad-response', /cut off in a frame/],
    ['without trailers', 'bad-response', /no grpc-status/],
  ] as const)('is a problem: %s', async (scenario, kind, message) => {
    await using organization = await organizationIn(scenario);

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map((problem) => problem.kind)).toEqual([kind]);
    expect(problems[0]?.message).toMatch(message);
  });

  it('that is too large is asked for again in smaller pages', async () => {
    await using organization = await startOrganization({ maxResponseBytes: 3000 });
    organization.runs = Array.from({ length: 60 }, (_, index) => runOf(`run-${String(index)}`, -index / 10));

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'ci_runs_active', ['pipeline'])).toEqual({ build: 60 });
  });

  it('comes in pages, and every run of them counts', async () => {
    await using organization = await startOrganization();
    await organization.tick();
    organization.runs = Array.from({ length: 250 }, (_, index) =>
      runOf(`run-${String(index)}`, 0.1 + index / 10_000, { lasted: 0.1 }),
    );

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(nonZero(valuesOf(families, 'ci_runs_total', ['result']))).toEqual({ success: 250 });
  });

  it('is asked for with a rotated token once the old one is refused', async () => {
    await using organization = await startOrganization();
    organization.variables['TOKEN'] = 'an-old-token';
    organization.workflows = [shopBuild];
    await organization.tick();
    organization.variables['TOKEN'] = `${apiToken}\n`;

    const { problems } = await organization.tick();

    expect(problems).toEqual([]);
  });
});

describe('the relay', () => {
  const relay = { config: { read: 'relay' } } as const;

  it('asks for text and nothing else, and needs no control plane', async () => {
    await using organization = await organizationIn('bare text page', relay);

    const { problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(organization.server.requests.map(({ path, accept }) => [path, accept])).toEqual([
      ['/prom/acme/metrics', 'text/plain;version=0.0.4'],
    ]);
  });

  it('passes totals on as the server counts them, and their increases to sinks that add', async () => {
    await using organization = await organizationIn('ok', relay);
    const first = await organization.tick();
    organization.runs = [...organization.runs, runOf('c', 0.1, { lasted: 0.5 })];

    const second = await organization.tick();

    const name = 'chainloop_workflow_run_duration_seconds';
    expect([first, second].map(({ families }) => valuesOf(families, name, ['workflow']))).toEqual([
      { build: 1, release: 1 },
      { build: 2, release: 1 },
    ]);
    const family = second.families.find(({ definition }) => definition.name === name);
    if (family?.type !== 'distribution') throw new Error('the histogram is missing');
    const observed = family.samples.map(({ labels, observations }) => [labels['workflow'], observations.length]);
    expect(observed).toEqual([
      ['build', 1],
      ['release', 0],
    ]);
  });

  it.each([
    ['no integration', 'configuration', /prometheus_integration/],
    ['gathering error', 'unavailable', /could not gather/],
    ['encoding error', 'bad-response', /ends in an error or is damaged/],
    ['protobuf page', 'bad-response', /protobuf/],
    ['gauge missing', 'bad-response', /could not read its database/],
  ] as const)('says what is wrong: %s', async (scenario, kind, message) => {
    await using organization = await organizationIn(scenario, relay);

    const { families, problems } = await organization.tick();

    expect(problems.map((problem) => problem.kind)).toEqual([kind]);
    expect(problems[0]?.message).toMatch(message);
    expect(families.some(({ definition }) => definition.name === 'chainloop_workflow_up')).toBe(false);
  });

  it('names a token of another organization, and one that is wrong', async () => {
    await using mismatch = await organizationIn('ok', { config: { read: 'relay', organization: 'other' } });
    await using wrong = await organizationIn('ok', relay);
    wrong.variables['TOKEN'] = 'wrong';

    const problems = [...(await mismatch.tick()).problems, ...(await wrong.tick()).problems];

    expect(problems.map(({ kind }) => kind)).toEqual(['configuration', 'auth']);
    expect(problems[0]?.message).toMatch(/belongs to another organization/);
  });

  it('stands beside the runs, and then has the names of the server', async () => {
    await using organization = await organizationIn('ok', { config: { read: 'both' } });

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    const names = families.map(({ definition }) => definition.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['chainloop_workflow_up', 'ci_run_last_result']));
  });

  it('leaves out the histogram that was counted from runs before: it has other totals', async () => {
    await using organization = await organizationIn('ok');
    await organization.tick();
    organization.runs = [...organization.runs, runOf('c', 0.1, { lasted: 0.5 })];
    await organization.tick();
    organization.server.playScenario('unknown service');

    const { families } = await organization.tick();

    expect(families.map(({ definition }) => definition.name)).toEqual(['chainloop_workflow_up']);
  });
});

describe('an API token', () => {
  it('tells when it expires, also while the control plane fails', async () => {
    await using organization = await organizationIn('ok');
    organization.variables['TOKEN'] = tokenWith({ org_name: 'acme', iat: 1_799_956_800, exp: 1_800_000_000 });

    const { families, problems } = await organization.tick();

    expect(problems.map(({ kind }) => kind)).toEqual(['auth']);
    expect(valuesOf(families, 'ci_collector_token_expiry_timestamp_seconds', ['system', 'source'])).toEqual({
      'chainloop main': 1_800_000_000,
    });
    expect(valuesOf(families, 'ci_collector_token_lifetime_seconds', ['system', 'source'])).toEqual({
      'chainloop main': 43_200,
    });
  });

  it('of another organization is not sent anywhere', async () => {
    await using organization = await organizationIn('ok');
    organization.variables['TOKEN'] = tokenWith({ org_name: 'umbrella' });

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['configuration']);
    expect(problems[0]?.message).toContain('"umbrella"');
    expect(organization.server.requests).toEqual([]);
  });

  it('of another organization is read again, and its successor is used in the same run', async () => {
    await using organization = await organizationIn('ok');
    organization.variables['TOKEN'] = tokenWith({ org_name: 'umbrella' });
    await organization.tick();
    organization.variables['TOKEN'] = apiToken;

    const { problems } = await organization.tick();

    expect(problems).toEqual([]);
  });

  it('that has no expiry gives no series', async () => {
    await using organization = await organizationIn('ok');
    organization.now += minuteMs;

    const { families } = await organization.tick();

    expect(families.some(({ definition }) => definition.name.includes('token_expiry'))).toBe(false);
  });
});

describe('the token of a user', () => {
  const token = tokenWith({ user_id: 'u1', aud: ['user-auth.chainloop'] });
  const acme = { organization: 'acme', workflows: [shopBuild], runs: [runOf('a', -5, { lasted: 1 })] };
  const umbrella = { organization: 'umbrella', workflows: [shopRelease], runs: [] };

  async function organizationOf(current: Records, others: readonly Records[], scenario: Scenario = 'ok') {
    const organization = await startOrganization({ user: { token, current, others } });
    organization.variables['TOKEN'] = token;
    organization.server.playScenario(scenario);
    return organization;
  }

  it('sees the configured organization, whichever the user has chosen', async () => {
    await using organization = await organizationOf(umbrella, [acme]);

    const { families, problems } = await organization.tick();

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'ci_run_last_result', ['pipeline'])).toEqual({ build: 1 });
  });

  it('publishes nothing of another organization, which an older server shows it', async () => {
    await using organization = await organizationOf(umbrella, [acme], 'before the organization header');

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind, message }) => [kind, /is one of the organization "umbrella"/.test(message)])).toEqual([
      ['configuration', true],
    ]);
  });

  it('of somebody who is no member is a problem with a remedy', async () => {
    await using organization = await organizationOf(umbrella, []);

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems.map(({ kind, message }) => [kind, /is no member of the organization acme/.test(message)])).toEqual([
      ['configuration', true],
    ]);
  });
});

describe('the gRPC port', () => {
  /** The first bytes of a gRPC server, whatever it is asked (RFC 9113, section 3.4: a SETTINGS frame), and its end. */
  const settings = Buffer.from('000006040000000000000500004000', 'hex');

  it.each(['control-plane', 'relay'] as const)('is told by what answers there: %s', async (read) => {
    await using server = await listening((socket) => socket.once('data', () => socket.end(settings)));
    await using organization = await startOrganization({ config: { read, url: server.url } });

    const { families, problems } = await organization.tick();

    expect(families).toEqual([]);
    expect(problems).toMatchObject([{ kind: 'bad-response' }]);
    expect(problems[0]?.message).toMatch(/not HTTP, as the gRPC port \(9000\) gives it; url is the HTTP address/);
  });
});

async function listening(answer: (socket: Socket) => unknown) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port to listen at');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
