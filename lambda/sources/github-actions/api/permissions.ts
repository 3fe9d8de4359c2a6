/** The permissions that the collector needs of GitHub, and those that a credential has without need. */

/** Of an App or a fine-grained token (GitHub docs, "Permissions required for GitHub Apps"): all of them to read only. */
const neededPermissions = {
  repositories: 'metadata',
  runs: 'actions',
  deployments: 'deployments',
  runners: 'organization_self_hosted_runners',
  hostedRunners: 'organization_administration',
  billing: 'organization_administration',
  // There is none: GitHub gives runners of an enterprise to classic tokens alone.
  enterpriseRunners: 'enterprise_self_hosted_runners',
} as const;

export type Subject = keyof typeof neededPermissions;

/** As the page on which they are granted calls them. */
const names: Readonly<Record<Subject, string>> = {
  repositories: 'repository permission "Metadata" (read)',
  runs: 'repository permission "Actions" (read)',
  deployments: 'repository permission "Deployments" (read)',
  runners: 'organization permission "Self-hosted runners" (read)',
  hostedRunners: 'organization permission "Administration" (read)',
  billing: 'organization permission "Administration" (read)',
  enterpriseRunners: 'no permission of an App or a fine-grained token',
};

/** What is written in the configuration to do without. */
const settings: Readonly<Record<Subject, string>> = {
  repositories: 'repositories',
  runs: 'repositories',
  deployments: 'deployments',
  runners: 'runners: leave',
  hostedRunners: 'hostedRunners: leave',
  billing: 'billing: leave',
  enterpriseRunners: 'enterprise',
};

/** The setting by which it is left out. */
export function settingOf(subject: Subject): string {
  return settings[subject];
}

/** Scopes of classic tokens: they know no reading of private repositories without writing. */
const classicScopes: Readonly<Record<Subject, string>> = {
  repositories: 'repo',
  runs: 'repo',
  deployments: 'repo_deployment',
  runners: 'admin:org',
  hostedRunners: 'manage_runners:org',
  billing: 'admin:org',
  enterpriseRunners: 'manage_runners:enterprise',
};

export function describePermission(subject: Subject): string {
  return `${names[subject]}, or the scope ${classicScopes[subject]} of a classic token`;
}

type Permissions = Readonly<Record<string, string>>;

/** What a token is asked for: of the needed ones those that were granted, since GitHub refuses to give others. */
export function narrowPermissions(granted: Permissions, subjects: readonly Subject[]): Permissions {
  const wanted = subjects.map((subject) => neededPermissions[subject]).filter((name) => granted[name] !== undefined);
  return Object.fromEntries(wanted.map((name) => [name, 'read']));
}

/** Those that the installation lacks. */
export function findMissingPermissions(granted: Permissions, subjects: readonly Subject[]): readonly Subject[] {
  return subjects.filter((subject) => granted[neededPermissions[subject]] === undefined);
}

/** What the installation may beyond what is needed, such as `contents: write`. */
export function findExcessPermissions(granted: Permissions, subjects: readonly Subject[]): readonly string[] {
  const needed: ReadonlySet<string> = new Set(subjects.map((subject) => neededPermissions[subject]));
  return Object.entries(granted)
    .filter(([name, level]) => level !== 'read' || !needed.has(name))
    .map(([name, level]) => `${name}: ${level}`);
}

/** Scopes without which a classic token does not read private repositories or runners. */
const harmlessScopes: ReadonlySet<string> = new Set([
  'repo',
  'public_repo',
  'read:org',
  // GitHub's own schema writes it both ways.
  'manage_runners:org',
  'manage_runner:org',
]);

/** Scopes of a classic token that nobody needs, by the header of an answer. Undefined where it names none. */
export function findExcessScopes(
  headers: Readonly<Record<string, string>>,
  subjects: readonly Subject[],
): readonly string[] | undefined {
  const text = headers['x-oauth-scopes'];
  if (text === undefined || text.trim() === '') return undefined;
  const scopes = text.split(/[\s,]+/).filter((scope) => scope !== '');
  const needed: ReadonlySet<string> = new Set(subjects.map((subject) => classicScopes[subject]));
  return scopes.filter((scope) => !needed.has(scope) && !harmlessScopes.has(scope));
}
