/** Addresses and people in answers: every object of GitHub is full of them, and none is for the collector. */

/** Where the API and its pages are reached. */
export interface Addresses {
  /** Base URL of the API, without a slash at its end. */
  readonly api: string;
  /** Of the pages for people. */
  readonly html: string;
}

/** Names of the fields of a repository that are addresses, and what stands behind the repository's own (OpenAPI, `minimal-repository`). */
const repositoryLinks: Readonly<Record<string, string>> = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
};

export function mapRepositoryLinks(fullName: string, { api, html }: Addresses): Readonly<Record<string, string>> {
  const url = `${api}/repos/${fullName}`;
  const links = Object.entries(repositoryLinks).map(([name, rest]) => [name, url + rest] as const);
  return { url, html_url: `${html}/${fullName}`, ...Object.fromEntries(links) };
}

const userLinks: Readonly<Record<string, string>> = {
  followers_url: '/followers',
  following_url: '/following{/other_user}',
  gists_url: '/gists{/gist_id}',
  starred_url: '/starred{/owner}{/repo}',
  subscriptions_url: '/subscriptions',
  organizations_url: '/orgs',
  repos_url: '/repos',
  events_url: '/events{/privacy}',
  received_events_url: '/received_events',
};

/** A person, or an organization where `type` says so. */
export function mapUser(login: string, { api, html }: Addresses, type: 'User' | 'Organization' = 'User'): object {
  const url = `${api}/users/${login}`;
  const links = Object.entries(userLinks).map(([name, rest]) => [name, url + rest] as const);
  return {
    ...{ login, id: 583_231, node_id: 'MDQ6VXNlcjU4MzIzMQ==', avatar_url: `${html}/avatars/${login}`, gravatar_id: '' },
    ...{ url, html_url: `${html}/${login}`, ...Object.fromEntries(links), type, site_admin: false },
  };
}

/** A name that no figure and no log of a collector may ever have. */
export const somebody = 'must-not-be-read';
