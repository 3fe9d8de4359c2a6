/** Signs the statement by which a GitHub App says who it is: a JSON Web Token (RS256). */
import { type KeyObject, sign } from 'node:crypto';

/** GitHub docs, "Generating a JSON Web Token": begins a minute ago, because clocks differ. */
const beginsSecondsAgo = 60;

/** At most ten minutes ahead of GitHub's clock; the rest is for a clock of ours that is ahead. */
const livesSeconds = 9 * 60;

/**
 * @param id Client id or App id.
 * @param nowMs By GitHub's clock, as far as it is known. Epoch milliseconds.
 */
export function signAppToken(id: string, key: KeyObject, nowMs: number): string {
  const nowSeconds = Math.floor(nowMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT' };
  const claims = { iat: nowSeconds - beginsSecondsAgo, exp: nowSeconds + livesSeconds, iss: id };
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}
