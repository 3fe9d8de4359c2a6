/** Knows who asks: an App by its signed assertion, an installation by a token of an hour, a person by a token of theirs. */
import { randomBytes, verify } from 'node:crypto';
import * as z from 'zod';
import { refuse, type Reply } from './reply.ts';
import { hourMs } from '../../../../model/time.ts';

/** Names as in an installation's `permissions`. */
export type Permissions = Readonly<Record<string, 'read' | 'write' | 'admin'>>;

export interface AppCredential {
  readonly kind: 'app';
  readonly appId: number;
  readonly clientId: string;
  /** PEM. */
  readonly publicKey: string;
  readonly installationId: number;
  readonly permissions: Permissions;
  readonly isSuspended?: boolean;
  /** Tokens of the new form are longer than 500 characters. Default: `short`. */
  readonly tokens?: 'short' | 'long';
}

export interface PersonalCredential {
  readonly kind: 'classic' | 'fine-grained';
  readonly token: string;
  /** Of a classic token, told in `X-OAuth-Scopes`. */
  readonly scopes?: readonly string[];
  /** Of a fine-grained token. */
  readonly permissions?: Permissions;
  /** Told in `GitHub-Authentication-Token-Expiration`. */
  readonly expiresMs?: number;
}

export type Credential = AppCredential | PersonalCredential;

/** Who was recognised. */
export interface Caller {
  /** `app`: by its assertion, so it may ask for installations only. */
  readonly kind: 'app' | 'installation' | 'classic' | 'fine-grained';
  /** Whose limit is used: all tokens of a person share one. */
  readonly account: string;
  readonly permissions: Permissions;
  readonly headers: Readonly<Record<string, string>>;
  readonly app?: AppCredential;
}

/** What a classic token may do, by its scopes (the vendor's documentation, "Scopes for OAuth apps"). */
const permissionsOfScopes: Readonly<Record<string, Permissions>> = {
  repo: { metadata: 'read', actions: 'write', deployments: 'write' },
  repo_deployment: { deployments: 'write' },
  'admin:org': { organization_self_hosted_runners: 'write', organization_administration: 'write' },
  'manage_runners:org': { organization_self_hosted_runners: 'write', organization_administration: 'write' },
  'manage_runners:enterprise': { enterprise_self_hosted_runners: 'write' },
  'admin:org_hook': { organization_hooks: 'write' },
};

/** Tokens of installations end after an hour. */
const tokenLifeMs = hourMs;
/** An assertion may be valid for ten minutes at most, and clocks may differ by a little. Seconds. */
const longestAssertionSeconds = 600;
const clockSkewSeconds = 60;

export const badCredentials = refuse(401, 'Bad credentials');

export interface Credentials {
  /** Who sends this header, or the refusal. */
  identify(authorization: string | undefined, nowMs: number): Caller | Reply;
  /** Makes a token of an installation; `wanted` narrows what it may do. */
  issue(app: AppCredential, wanted: unknown, nowMs: number): IssuedToken | Reply;
}

export interface IssuedToken {
  readonly token: string;
  readonly expiresMs: number;
  readonly permissions: Permissions;
}

export function createCredentials(all: readonly Credential[]): Credentials {
  const issued = new Map<string, { readonly untilMs: number; readonly caller: Caller }>();
  const apps = all.filter((one) => one.kind === 'app');
  return {
    identify: (authorization = '', nowMs) => {
      const [, token = ''] = /^(?:Bearer|token) (.+)$/i.exec(authorization) ?? [];
      const own = issued.get(token);
      if (own !== undefined) return nowMs < own.untilMs ? own.caller : badCredentials;
      const personal = all.find((one) => one.kind !== 'app' && one.token === token);
      if (personal !== undefined && personal.kind !== 'app') return identifyPerson(personal, nowMs);
      return token.split('.').length === 3 ? identifyApp(token, apps, nowMs) : badCredentials;
    },
    issue: (app, wanted, nowMs) => {
      const permissions = narrowPermissions(app.permissions, wanted);
      if (permissions === undefined)
        return refuse(422, 'The permissions requested are not granted to this installation.');
      const token = makeToken(app);
      const untilMs = nowMs + tokenLifeMs;
      const account = `installation ${String(app.installationId)}`;
      issued.set(token, { untilMs, caller: { kind: 'installation', account, permissions, headers: {}, app } });
      return { token, expiresMs: untilMs, permissions };
    },
  };
}

/** `ghs_` and 36 characters, or the new form that holds an assertion of its own. */
function makeToken({ appId, tokens = 'short' }: AppCredential): string {
  if (tokens === 'short') return `ghs_${randomBytes(27).toString('base64url').replace(/[-_]/g, 'x')}`;
  return `ghs_${String(appId)}_eyJhbGciOiJFUzI1NiJ9.${randomBytes(300).toString('base64url')}.${randomBytes(64).toString('base64url')}`;
}

const Wanted = z.object({ permissions: z.record(z.string(), z.enum(['read', 'write', 'admin'])).optional() });
const levels = ['read', 'write', 'admin'] as const;

/** Undefined where more is asked for than was granted. */
function narrowPermissions(granted: Permissions, wanted: unknown): Permissions | undefined {
  const { permissions } = Wanted.safeParse(wanted).data ?? {};
  if (permissions === undefined) return granted;
  const isGranted = Object.entries(permissions).every(([name, level]) => {
    const most = granted[name];
    return most !== undefined && levels.indexOf(most) >= levels.indexOf(level);
  });
  return isGranted ? { metadata: 'read', ...permissions } : undefined;
}

function identifyPerson(
  { kind, scopes = [], permissions, expiresMs }: PersonalCredential,
  nowMs: number,
): Caller | Reply {
  if (expiresMs !== undefined && nowMs >= expiresMs) return badCredentials;
  const ends =
    expiresMs === undefined
      ? {}
      : { 'github-authentication-token-expiration': new Date(expiresMs).toISOString().replace(/T(.+)\..+/, ' $1 UTC') };
  if (kind === 'fine-grained') return { kind, account: 'user', permissions: permissions ?? {}, headers: ends };
  const given = scopes.map((scope) => permissionsOfScopes[scope] ?? {});
  const headers = { ...ends, 'x-oauth-scopes': scopes.join(', ') };
  return { kind: 'classic', account: 'user', permissions: Object.fromEntries(given.flatMap(Object.entries)), headers };
}

const Claims = z.object({ iat: z.number(), exp: z.number(), iss: z.union([z.string(), z.number()]) });
const Header = z.object({ alg: z.literal('RS256') });

function identifyApp(token: string, apps: readonly AppCredential[], nowMs: number): Caller | Reply {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = parsePart(payload, Claims);
  if (claims === undefined || parsePart(header, Header) === undefined) return undecodable;
  const app = apps.find(({ appId, clientId }) => [String(appId), clientId].includes(String(claims.iss)));
  if (app === undefined) return refuse(404, 'Integration not found');
  const isOwn = verify(
    'RSA-SHA256',
    Buffer.from(`${header}.${payload}`),
    app.publicKey,
    Buffer.from(signature, 'base64url'),
  );
  if (!isOwn) return undecodable;
  return judgeClaims(claims, nowMs / 1000) ?? makeAppCaller(app);
}

const undecodable = refuse(401, 'A JSON web token could not be decoded');

function makeAppCaller(app: AppCredential): Caller {
  return { kind: 'app', account: `app ${String(app.appId)}`, permissions: {}, headers: {}, app };
}

function judgeClaims({ iat, exp }: z.infer<typeof Claims>, now: number): Reply | undefined {
  if (!Number.isInteger(iat) || iat > now + clockSkewSeconds) {
    return refuse(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (!Number.isInteger(exp) || exp <= now) {
    return refuse(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp > now + longestAssertionSeconds + clockSkewSeconds || exp - iat > longestAssertionSeconds + clockSkewSeconds)
    return refuse(401, "'Expiration time' claim ('exp') is too far in the future");
  return undefined;
}

function parsePart<Schema extends z.ZodType>(part: string, schema: Schema): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(Buffer.from(part, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}
