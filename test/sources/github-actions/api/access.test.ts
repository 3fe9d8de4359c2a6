/** Tests of entering GitHub's API as the installation of an App, or with a token. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AppCredential } from '../../../../lambda/demo/simulators/github/api/credentials.ts';
import { canonicalNames, opened, type OpenOptions, type Opened } from '../opened.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

const app: AppCredential = {
  kind: 'app',
  appId: 12_345,
  clientId: 'Iv23liQ0r4ExAmPlE7aB',
  publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  installationId: 3001,
  permissions: { metadata: 'read', actions: 'read', organization_self_hosted_runners: 'read' },
};

function openedAsApp(change: Partial<AppCredential> = {}, options: OpenOptions = {}): Promise<Opened> {
  return opened({
    credentials: [{ ...app, ...change }],
    variables: { KEY: pem.replaceAll('\n', String.raw`\n`) },
    ...options,
    settings: { auth: { app: { id: app.clientId, privateKey: { env: 'KEY' } } }, ...options.settings },
  });
}

function countTokens({ server }: Opened): number {
  return server.requests.filter(({ path }) => path.endsWith('/access_tokens')).length;
}

describe('a GitHub App', () => {
  it('makes one token for all requests of an hour, and another one five minutes before its end', async () => {
    await using github = await openedAsApp();

    for (let minutes = 0; minutes < 54; minutes += 1) expect((await github.tick()).problems).toEqual([]);
    expect(countTokens(github)).toBe(1);
    expect(github.server.requests.some(({ path }) => path.startsWith('/installation/repositories'))).toBe(true);

    for (let minutes = 0; minutes < 8; minutes += 1) expect((await github.tick()).problems).toEqual([]);
    expect(countTokens(github)).toBe(2);
    expect(github.server.answers.get(401)).toBeUndefined();
  });

  it('is known by its App id as well', async () => {
    const settings = { auth: { app: { id: '12345', privateKey: { env: 'KEY' } } } };
    await using github = await openedAsApp({}, { settings });

    expect((await github.tick()).problems).toEqual([]);
  });

  it('takes tokens of the long form, and shows none of them', async () => {
    await using github = await openedAsApp({ tokens: 'long' });

    const { problems } = await github.tick();

    expect(problems).toEqual([]);
    expect(JSON.stringify(github.source.log.lines)).not.toMatch(/ghs_|eyJ/);
  });

  it.each([-9, -2, 2, 9])('signs by the clock of GitHub where ours is %i minutes ahead', async (minutes) => {
    await using github = await openedAsApp({}, { aheadMs: minutes * 60_000 });

    const { problems } = await github.tick();

    expect(problems.filter(({ kind }) => kind === 'auth')).toEqual([]);
    expect(countTokens(github)).toBeGreaterThan(0);
  });

  it('that lacks a permission is told so before a request is refused, and all else goes on', async () => {
    await using github = await openedAsApp({ permissions: { metadata: 'read', actions: 'read' } });
    await github.tick();
    github.begin({ kind: 'usual', failsAt: Infinity, cancelledAfterSeconds: Infinity });

    // A job takes a minute or some, and a run is counted once it is seen to have ended.
    for (let minute = 0; minute < 12; minute += 1) await github.tick();
    const { problems, families } = await github.tick();

    expect(problems).toMatchObject([{ kind: 'auth', where: 'github-actions/acme' }]);
    expect(problems[0]?.message).toContain('organization permission "Self-hosted runners" (read)');
    expect(problems[0]?.message).toContain('runners: leave');
    expect(canonicalNames(families)).toContain('ci_runs_total');
    expect(github.server.requests.some(({ path }) => path.includes('/actions/runners'))).toBe(false);
  });

  it('that may do more than is needed is warned of once, counted, and asks for no more than it needs', async () => {
    await using github = await openedAsApp({ permissions: { ...app.permissions, actions: 'write', contents: 'read' } });

    await github.tick();
    const { values, problems } = await github.tick();

    expect(problems).toEqual([]);
    expect(values('ci_github_actions_credential_excess_permissions', 'source')).toEqual({ acme: 2 });
    const warnings = github.source.log.lines.filter(({ message }) => message.includes('does not need'));
    expect(warnings).toHaveLength(1);
    expect(JSON.stringify(warnings)).toContain('actions: write');
  });

  it('that is suspended is told so', async () => {
    await using github = await openedAsApp({ isSuspended: true });

    const { problems } = await github.tick();

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'auth' });
    expect(problems[0]?.message).toContain('suspended');
  });

  it('that is not installed in the organization is told what to do', async () => {
    await using github = await openedAsApp({}, { settings: { organization: 'other' } });

    const [problem] = (await github.tick()).problems;

    expect(problem).toMatchObject({ kind: 'configuration' });
    expect(problem?.message).toContain('install the App in the organization');
  });

  it('with the key of another App is refused, and told where its key is', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      type: 'pkcs1',
      format: 'pem',
    });
    await using github = await openedAsApp({}, { variables: { KEY: other.toString() } });

    const { problems } = await github.tick();

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'auth' });
    expect(problems[0]?.message).toContain('KEY');
    expect(problems[0]?.message).not.toContain('BEGIN');
  });

  it('gets another token in the same run where its token was revoked', async () => {
    await using github = await openedAsApp();
    await github.tick();
    let refusals = 1;
    github.server.playScenario('unauthorized', () => (refusals -= 1) >= 0);

    const { problems, values } = await github.tick(30);

    expect(problems).toEqual([]);
    expect(countTokens(github)).toBe(2);
    expect(values('ci_workers', 'state')).toEqual({ idle: 4, busy: 0, offline: 0 });
  });
});

describe('a token', () => {
  it('tells when it ends', async () => {
    const expiresMs = Date.UTC(2026, 11, 31, 9);
    const credentials = [{ kind: 'classic' as const, token: 'ghp_token', scopes: ['repo', 'admin:org'], expiresMs }];
    await using github = await opened({ credentials });

    const { values } = await github.tick();

    expect(values('ci_collector_token_expiry_timestamp_seconds', 'source')).toEqual({ acme: expiresMs / 1000 });
  });

  it('that is classic is told which of its scopes nobody needs', async () => {
    const scopes = ['repo', 'admin:org', 'delete_repo', 'workflow'];
    await using github = await opened({ credentials: [{ kind: 'classic', token: 'ghp_token', scopes }] });

    const { values } = await github.tick();

    expect(values('ci_github_actions_credential_excess_permissions', 'source')).toEqual({ acme: 2 });
  });

  it('that is fine-grained and lacks a permission is told what GitHub asks for', async () => {
    const permissions = { metadata: 'read' as const, actions: 'read' as const };
    await using github = await opened({ credentials: [{ kind: 'fine-grained', token: 'ghp_token', permissions }] });

    const { problems } = await github.tick();

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ kind: 'auth' });
    expect(problems[0]?.message).toContain('GitHub asks for organization_self_hosted_runners=read');
  });

  it('that holds a key in PEM is told where that belongs', async () => {
    await using github = await opened({ variables: { TOKEN: pem } });

    const [problem] = (await github.tick()).problems;

    expect(problem?.message).toContain('belongs to auth.app');
    expect(github.server.requests).toEqual([]);
  });
});
