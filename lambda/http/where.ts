/** Names the place of a request as a problem may show it. */

/** What to do about an answer that no sound server of its kind gives. */
export const checkAddress = 'check the URL, and proxies on the way';

/** `GET agent.buildkite.com/v3/metrics`: method, host and path of a request; never the query or user info. */
export function whereOf(method: string, url: URL): string {
  return `${method} ${url.host}${url.pathname}`;
}
