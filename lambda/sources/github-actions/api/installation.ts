/** Acts as the installation of a GitHub App: proves the App by its key, and keeps a token of the installation. */
import * as z from 'zod';
import { readJson } from '../../../http/answers/json.ts';
import { parseServerTime } from '../../../http/answers/server-clock.ts';
import { createRenewedCredential, type Renewed } from '../../../http/auth/renewed-credential.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import { CredentialRefusedError } from '../../../http/errors/credential-refused.ts';
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { HttpRequest } from '../../../http/port.ts';
import { whereOf } from '../../../http/where.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { wrapSecret } from '../../../secrets/secret.ts';
import { describeSecretRef, type SecretRef } from '../../../secrets/secret-ref.ts';
import type { Access, AccessPorts, SendContext } from './access.ts';
import { signAppToken } from './app-jwt.ts';
import { apiHeaders, joinUrl } from './addresses.ts';
import { narrowPermissions, type Subject } from './permissions.ts';
import { parsePrivateKey } from './private-key.ts';
import { hourMs } from '../../../model/time.ts';

export interface InstallationSettings {
  /** Client id or App id. */
  readonly id: string;
  readonly privateKey: SecretRef;
  readonly endpoint: string;
  readonly organization: string;
  /** What is to be read. */
  readonly subjects: readonly Subject[];
}

const Permissions = z.record(z.string(), z.string()).catch({});

const Installation = z.object({
  id: z.int().positive(),
  permissions: Permissions,
  suspended_at: z.string().nullish().catch(undefined),
});

const Token = z.object({ token: z.string().min(1), expires_at: z.string().optional().catch(undefined) });

/** GitHub docs, "Generating an installation access token": an hour. */
const usualLifeMs = hourMs;

/** The token is kept in memory for as long as the process is warm, and stored nowhere. */
export function createInstallationAccess(settings: InstallationSettings, ports: AccessPorts): Access {
  let granted: Readonly<Record<string, string>> | undefined;
  const fetchToken = async (context: SendContext): Promise<Renewed> => {
    const askedMs = ports.clock();
    const fetched = await useWithRotation(ports.secrets, settings.privateKey, context.deadline.signal, (secret) =>
      fetchWithKey(secret.reveal(), settings, context, ports),
    );
    granted = fetched.granted;
    return { authorization: wrapSecret(`Bearer ${fetched.token}`), askedMs, lifeMs: fetched.lifeMs };
  };
  const credential = createRenewedCredential(fetchToken, ports.clock);
  return {
    kind: 'GitHub App',
    secret: describeSecretRef(settings.privateKey),
    granted: () => granted,
    send: credential.send,
  };
}

interface Fetched {
  readonly token: string;
  readonly lifeMs: number;
  readonly granted: Readonly<Record<string, string>>;
}

async function fetchWithKey(
  pem: string,
  settings: InstallationSettings,
  context: SendContext,
  ports: AccessPorts,
): Promise<Fetched> {
  const { endpoint, organization, subjects } = settings;
  const found = joinUrl(endpoint, `/orgs/${encodeURIComponent(organization)}/installation`);
  const key = parsePrivateKey(pem, whereOf('GET', found));
  const app = createAppRequests(settings.id, key, context, ports);
  const installation = await app.ask({ method: 'GET', url: found }, Installation);
  if (installation.suspended_at !== undefined && installation.suspended_at !== null)
    throw new SuspendedInstallationError(organization);
  const url = joinUrl(endpoint, `/app/installations/${String(installation.id)}/access_tokens`);
  const permissions = narrowPermissions(installation.permissions, subjects);
  const body = JSON.stringify(Object.keys(permissions).length === 0 ? {} : { permissions });
  const { token, expires_at } = await app.ask({ method: 'POST', url, body }, Token);
  return { token, lifeMs: measureLife(expires_at, ports.clock()), granted: installation.permissions };
}

/** The App is installed, and somebody has suspended it. */
export class SuspendedInstallationError extends CredentialRefusedError {
  override readonly name = 'SuspendedInstallationError';

  constructor(organization: string) {
    super(`the installation of the GitHub App in ${organization} is suspended`);
  }
}

function measureLife(expiresAt: string | undefined, nowMs: number): number {
  const expiresMs = Date.parse(expiresAt ?? '');
  return Number.isNaN(expiresMs) || expiresMs <= nowMs ? usualLifeMs : expiresMs - nowMs;
}

interface AppRequests {
  /** Signs anew by GitHub's clock where that differs so much that the statement is refused. */
  ask<Schema extends z.ZodType>(
    request: Pick<HttpRequest, 'method' | 'url' | 'body'>,
    schema: Schema,
  ): Promise<z.output<Schema>>;
}

function createAppRequests(
  id: string,
  key: ReturnType<typeof parsePrivateKey>,
  { deadline, tls }: SendContext,
  { http, clock }: AccessPorts,
): AppRequests {
  let aheadMs = 0;
  return {
    ask: async (request, schema) => {
      const send = async () =>
        readJson(
          http,
          {
            ...request,
            headers: { ...apiHeaders, authorization: `Bearer ${signAppToken(id, key, clock() - aheadMs)}` },
            // A token more than is needed does no harm.
            idempotent: true,
            signal: deadline.signal,
            remainingMs: () => deadline.remainingMs(),
            ...(tls === undefined ? {} : { tls }),
          },
          schema,
        );
      try {
        return (await send()).value;
      } catch (error) {
        const ahead = measureAhead(error, clock);
        if (ahead === undefined) throw error;
        aheadMs = ahead;
        return (await send()).value;
      }
    },
  };
}

/** A statement that begins a minute ago and ends in nine is right for clocks that differ by less than this. */
const harmlessMs = 45_000;

/** By how much our clock is ahead of GitHub's, where that may be why the statement was refused. */
function measureAhead(error: unknown, clock: Clock): number | undefined {
  if (!(error instanceof HttpStatusError) || error.status !== 401) return undefined;
  const serverMs = parseServerTime(error.headers);
  if (serverMs === undefined) return undefined;
  const aheadMs = clock() - serverMs;
  return Math.abs(aheadMs) > harmlessMs ? aheadMs : undefined;
}
