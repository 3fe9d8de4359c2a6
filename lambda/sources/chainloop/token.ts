import * as z from 'zod';
import { parseJsonText } from '../../model/outside-text.ts';

/** What a Chainloop API token says about itself; nothing of it is verified here, the server does that. */
export interface TokenClaims {
  readonly organization?: string;
  /** Epoch milliseconds; absent for a token that does not end. */
  readonly expiresMs?: number;
}

const Claims = z.object({
  org_name: z.string().min(1).optional().catch(undefined),
  exp: z.number().positive().optional().catch(undefined),
});

/** The claims of a JSON Web Token; empty for text that is none. */
export function claimsOf(token: string): TokenClaims {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return {};
  const claims = Claims.safeParse(jsonOf(Buffer.from(payload, 'base64url').toString('utf8')));
  if (!claims.success) return {};
  const { org_name: organization, exp } = claims.data;
  return {
    ...(organization === undefined ? {} : { organization }),
    ...(exp === undefined ? {} : { expiresMs: exp * 1000 }),
  };
}

function jsonOf(json: string): unknown {
  try {
    return parseJsonText(json);
  } catch {
    // Not a token of this kind: the server will say what it thinks of it.
    return undefined;
  }
}
