/** `GET agent.buildkite.com/v3/metrics`: what may be shown of a request. Never the query or user info. */
export function whereOf(method: string, url: URL): string {
  return `${method} ${url.host}${url.pathname}`;
}
