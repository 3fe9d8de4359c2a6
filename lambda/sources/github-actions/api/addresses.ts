/** How GitHub's API is addressed: paths below the base URL, and the headers that every request has. */

/** GitHub docs, "API versions": this one is kept for two years after the next, and Enterprise Server knows it too. */
const apiVersion = '2022-11-28';

/** The user agent, which GitHub requires, and `accept-encoding` are those of every request of the collector. */
export const apiHeaders = { accept: 'application/vnd.github+json', 'x-github-api-version': apiVersion } as const;

/** Below the path of the base URL, which Enterprise Server has (`/api/v3`). */
export function joinUrl(endpoint: string, path: string, parameters: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${endpoint.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
  return url;
}

/** @param fullName `owner/name`, both from GitHub. */
export function buildRepositoryPath(fullName: string): string {
  return `/repos/${fullName.split('/').map(encodeURIComponent).join('/')}`;
}
