/** Reads the claims of a Chainloop token: its organization and when it expires. */
import * as z from 'zod';
import { tryParseJson } from '../../model/text/try-parse-json.ts';
import { OtherOrganizationError } from './errors.ts';

/** What a token of Chainloop says about itself; nothing of it is verified here, the server does that. */
export interface TokenClaims {
  /** Whether it is a user's own and sees one organization after another; an API token has only one. */
  readonly isOfUser: boolean;
  /** Absent for a user's token, and for API tokens from before v0.94. */
  readonly organization?: string;
  /** Epoch milliseconds. */
  readonly createdMs?: number;
  /** Epoch milliseconds; absent for a token that does not end. */
  readonly expiresMs?: number;
}

const Claims = z.object({
  org_name: z.string().min(1).optional().catch(undefined),
  /** Both are of RFC 7519, in seconds. */
  iat: z.number().positive().optional().catch(undefined),
  exp: z.number().positive().optional().catch(undefined),
  aud: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .catch(undefined),
});

const userAudience = 'user-auth.chainloop';

const unknownClaims: TokenClaims = { isOfUser: false };

/** The claims of a token that may be sent for an organization. @throws OtherOrganizationError */
export function checkClaims(organization: string, token: string): TokenClaims {
  const claims = parseClaims(token);
  if (claims.organization !== undefined && claims.organization !== organization)
    throw new OtherOrganizationError(claims.organization);
  return claims;
}

/** The claims of a JSON Web Token; nothing is known of text that is none. */
function parseClaims(token: string): TokenClaims {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return unknownClaims;
  const claims = Claims.safeParse(tryParseJson(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!claims.success) return unknownClaims;
  const { org_name: organization, iat, exp, aud = [] } = claims.data;
  return {
    isOfUser: [aud].flat().includes(userAudience),
    ...(organization === undefined ? {} : { organization }),
    ...(iat === undefined ? {} : { createdMs: iat * 1000 }),
    ...(exp === undefined ? {} : { expiresMs: exp * 1000 }),
  };
}
