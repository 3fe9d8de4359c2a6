/** Names the place of a request as a problem may show it. */

/** What to do about an answer that no sound server of its kind gives. */
export const checkAddress = 'check the URL, and proxies on the way';

/** `GET agent.buildkite.com/v3/metrics`: what may be shown of a request. Never the query or user info. */
export function whereOf(method: string, url: URL): string {
  return `${method} ${url.host}${url.pathname}`;
}
