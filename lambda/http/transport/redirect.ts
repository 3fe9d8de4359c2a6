/** Finds where an answer redirects to, within the same origin only. */
import { RedirectError } from '../errors/errors.ts';
import type { OutgoingRequest } from '../port.ts';
import { maxRedirects } from './limits.ts';
import type { ResponseHeaders } from '../port.ts';
import { checkAddress, whereOf } from '../where.ts';

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * The URL that an answer redirects to; undefined where it is no redirect.
 * @throws RedirectError for one that is not followed. Only a GET within its own origin is: headers with credentials
 * never reach another origin, and a repeated write could do its work twice.
 */
export function findRedirect(
  { method, url }: OutgoingRequest,
  { status, headers }: { readonly status: number; readonly headers: ResponseHeaders },
  hops: number,
): URL | undefined {
  const location = headers['location'];
  if (!redirects.has(status) || location === undefined) return undefined;
  const where = whereOf(method, url);
  const target = URL.parse(location, url.href);
  if (target === null)
    throw new RedirectError(where, `the answer redirects to something that is not a URL; ${checkAddress}`, status);
  if (target.origin !== url.origin) {
    throw new RedirectError(
      where,
      `the answer redirects to another origin (${target.origin}), which is not followed; ` +
        'if the server has moved there, change the URL in the configuration',
      status,
    );
  }
  if (method !== 'GET') {
    throw new RedirectError(
      where,
      `the answer redirects to ${addressOf(target)}, and a ${method} is not redirected; change the URL in the configuration so that it leads there`,
      status,
    );
  }
  if (hops >= maxRedirects)
    throw new RedirectError(where, `more than ${String(maxRedirects)} redirects; ${checkAddress}`, status);
  return target;
}

/** Without user info and query, where a token may stand. */
function addressOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
