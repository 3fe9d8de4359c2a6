/** The simulated GitHub with its credentials, for tests: what is asked, and what the truth is. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { AppCredential, Credential } from '../../../../lambda/demo/simulators/github/api/credentials.ts';
import {
  createOrganization,
  type OrganizationOptions,
  type SimulatedOrganization,
} from '../../../../lambda/demo/simulators/github/organization/organization.ts';
import {
  type GithubServer,
  type GithubServerOptions,
  startGithubServer,
} from '../../../../lambda/demo/simulators/github/server.ts';

export const startMs = Date.UTC(2026, 8, 1, 9);

/** All that the collector asks for. */
const readPermissions = {
  metadata: 'read',
  actions: 'read',
  deployments: 'read',
  organization_self_hosted_runners: 'read',
  organization_administration: 'read',
} as const;

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

const privateKey: string = keys.privateKey;

export const app: AppCredential = {
  kind: 'app',
  appId: 1001,
  clientId: 'Iv23liTheClient',
  publicKey: keys.publicKey,
  installationId: 3001,
  permissions: readPermissions,
};

/** An assertion as an App makes it; what is given replaces its claims. Seconds. */
export function signAssertion(
  nowMs: number,
  claims: object = {},
  header: object = { alg: 'RS256', typ: 'JWT' },
): string {
  const now = Math.floor(nowMs / 1000);
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const content = `${encode(header)}.${encode({ iat: now - 60, exp: now + 540, iss: app.clientId, ...claims })}`;
  return `${content}.${sign('RSA-SHA256', Buffer.from(content), privateKey).toString('base64url')}`;
}

const classicToken = 'ghp_classic';
export const fineToken = 'github_pat_fine';

export const credentials: readonly Credential[] = [
  app,
  { kind: 'classic', token: classicToken, scopes: ['repo', 'admin:org'] },
  { kind: 'fine-grained', token: fineToken, permissions: { metadata: 'read', actions: 'read' } },
];

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Opened extends AsyncDisposable {
  readonly organization: SimulatedOrganization;
  readonly server: GithubServer;
  now(): number;
  /** Lets time pass. Milliseconds. */
  pass(ms: number): void;
  /** With the classic token, unless a header says otherwise. */
  ask(
    path: string,
    init?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ): Promise<Asked>;
}

type Options = Partial<GithubServerOptions> & { readonly life?: Partial<OrganizationOptions> };

export async function openGithub({ life = {}, ...options }: Options = {}): Promise<Opened> {
  let nowMs = startMs;
  const organization = createOrganization({ seed: 1, startMs, ...life });
  const server = await startGithubServer({ organization, clock: () => nowMs, credentials, ...options });
  return {
    organization,
    server,
    now: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
      organization.advance(nowMs);
    },
    ask: async (path, { method = 'GET', headers = {}, body } = {}) => {
      const response = await fetch(path.startsWith('http') ? path : `${server.endpoint}${path}`, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${classicToken}`, 'user-agent': 'test', ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? undefined : parse(text) };
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function parse(text: string): unknown {
  return JSON.parse(text);
}
