/** Decides whether the scopes of a simulated credential allow a path. */
import type { Routed } from './routes.ts';

/** Which scope a path needs; that of repositories does not cover their pipelines. */
function findScope(pathname: string): string {
  if (pathname.includes('/pipelines-config/runners')) return 'runner';
  return /^\/2\.0\/repositories\/[^/]+\/[^/]+\//.test(pathname) ? 'pipeline' : 'repository';
}

/** Without scopes a credential may do everything. */
export function mayRead({ pathname }: URL, scopes: readonly string[] | undefined): boolean {
  return scopes === undefined || scopes.includes(findScope(pathname));
}

export const lacksScope: Routed = {
  status: 403,
  error: 'Your credentials lack one or more required privilege scopes.',
};
