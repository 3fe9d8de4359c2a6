/** Decides what a token may see of the simulated control plane. */
import { type GrpcRefusal, refuseNotMember, type TokenRefusal, tokenRefusals } from './grpc-refusals.ts';
import type { Records } from './records.ts';

/** Who may see what of a simulated control plane: API tokens belong to one organization, users to several. */
export interface Served {
  readonly records: Records;
  readonly apiToken: string;
  /** API tokens that are refused, and why; the one of above is taken all the same. */
  readonly refusals?: ReadonlyMap<string, TokenRefusal>;
  readonly user?: UserAccess;
}

/** A user's own token, which sees one organization at a time. */
export interface UserAccess {
  readonly token: string;
  /** The one that the user chose last in the command line tool. */
  readonly current: Records;
  readonly others: readonly Records[];
}

export interface CallHeaders {
  readonly authorization: string | undefined;
  /** `Chainloop-Organization`, of which only a user's token takes notice. */
  readonly organization: string | undefined;
}

export type Admission = { readonly records: Records } | GrpcRefusal;

/** The organization that a call is about, or why it is refused. */
export function admit({ authorization, organization }: CallHeaders, served: Served, nowMs: number): Admission {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) return tokenRefusals['no token'];
  const refusal = served.refusals?.get(token);
  if (refusal !== undefined) return tokenRefusals[refusal];
  if (token === served.apiToken) return { records: served.records };
  if (token === served.user?.token) return admitUser(organization, served.user);
  return tokenRefusals[judgeStrangeToken(token, nowMs)];
}

function admitUser(organization: string | undefined, { current, others }: UserAccess): Admission {
  if (organization === undefined) return { records: current };
  const records = [current, ...others].find((own) => own.organization === organization);
  return records === undefined ? refuseNotMember(organization) : { records };
}

/** Signatures are not made here: what has the form of a token counts as well signed. */
function judgeStrangeToken(token: string, nowMs: number): TokenRefusal {
  const claims = parseClaims(token);
  if (claims === undefined) return 'garbage token';
  return typeof claims['exp'] === 'number' && claims['exp'] * 1000 <= nowMs ? 'expired token' : 'unknown token';
}

function parseClaims(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
}

/** The page checks the signature and the expiry alone, so a token that was revoked still opens it. */
export function findPageRefusal(
  authorization: string | undefined,
  { apiToken, refusals }: Served,
): 'JWT token is missing' | 'invalid token' | undefined {
  if (authorization === undefined) return 'JWT token is missing';
  const token = authorization.replace(/^Bearer /, '');
  const refusal = refusals?.get(token);
  const isWellSigned = token === apiToken || (refusal !== undefined && tokenRefusals[refusal].status !== 16);
  return isWellSigned ? undefined : 'invalid token';
}
