/** The scopes that a credential needs, and those that it has without need. */
import type { Access } from './access.ts';

/** What the parts of this source need, by the kind of credential: the names differ. */
type Need = 'repository' | 'pipeline' | 'runner';

const atlassianScopes: Readonly<Record<Need, string>> = {
  repository: 'read:repository:bitbucket',
  pipeline: 'read:pipeline:bitbucket',
  runner: 'read:runner:bitbucket',
};

export function chooseScope(need: Need, kind: Access['kind']): string {
  return kind === 'Atlassian API token' ? atlassianScopes[need] : need;
}

/** Never more than reading; `account`, `email` and the workspace's name come with some credentials by themselves. */
const harmless: ReadonlySet<string> = new Set([
  'repository',
  'pipeline',
  'runner',
  'account',
  'email',
  'read:repository:bitbucket',
  'read:pipeline:bitbucket',
  'read:runner:bitbucket',
  'read:workspace:bitbucket',
  'read:user:bitbucket',
]);

/** The scopes that an answer names and that nothing here needs. Undefined where the answer names none. */
export function findExcessScopes(headers: Readonly<Record<string, string>>): readonly string[] | undefined {
  const text = headers['x-oauth-scopes'];
  if (text === undefined) return undefined;
  const scopes = text.split(/[\s,]+/).filter((scope) => scope !== '');
  return scopes.length === 0 ? undefined : scopes.filter((scope) => !harmless.has(scope));
}
