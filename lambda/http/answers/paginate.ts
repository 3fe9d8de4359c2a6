/** Finds the next page of a list, on the same server only: the credential goes with the request. */
import { ForbiddenRequestError } from '../errors/errors.ts';
import type { ResponseHeaders } from '../port.ts';
import { whereOf } from '../where.ts';

/** The target of `rel="next"` in a `Link` header (RFC 8288) as the server writes it; undefined on the last page. */
export function findNextLink(headers: ResponseHeaders): string | undefined {
  return /<([^>]*)>\s*;[^,<]*\brel="?next"?/i.exec(headers['link'] ?? '')?.[1];
}

/**
 * The address of the next page; undefined where there is none.
 * @param next As the server writes it: absolute, or beside the current page.
 * @throws ForbiddenRequestError for an address of another server, or for what is no address
 */
export function resolveNextPage(next: string | null | undefined, current: URL): URL | undefined {
  if (next === null || next === undefined || next === '') return undefined;
  const url = URL.parse(next, current.href);
  if (url?.origin === current.origin) return url;
  throw new ForbiddenRequestError(
    whereOf('GET', current),
    'the next page is on another server, where the credential must not go; check the endpoint in the settings',
  );
}
