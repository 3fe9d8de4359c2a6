/** The repository that runs come from, and how it, its branches and its pipelines are named in labels. */
import type { BranchLabel } from '../../../crawl/branch-label.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { Target } from '../api/schema.ts';

/** A repository as its runs need it. */
export interface RepositoryIdentity {
  /** The operator's name of the source. */
  readonly source: string;
  readonly workspace: string;
  readonly slug: string;
  /** Empty where Bitbucket does not tell. */
  readonly mainBranch: string;
  readonly branchLabel: BranchLabel;
}

const branchTypes: ReadonlySet<string> = new Set(['branch', 'named_branch']);

/** Undefined for tags, pull requests and bare commits: a pull request is no state of a branch. */
export function branchOf(target: Target | null | undefined): string | undefined {
  if (target === null || target === undefined || isPullRequest(target)) return undefined;
  return branchTypes.has((target.ref_type ?? '').toLowerCase()) ? (target.ref_name ?? undefined) : undefined;
}

/**
 * The part of `bitbucket-pipelines.yml` that a run comes from: a bounded list, where refs and patterns are none. Custom
 * pipelines have names of their own, because `nightly` and `release` are two things.
 */
export function choosePipelineName(target: Target | null | undefined): string {
  const { type, pattern } = target?.selector ?? {};
  const selector = (type ?? '').toLowerCase().replaceAll('_', '-');
  if (selector === 'custom') return buildCustomName(pattern);
  const known = sections.get(selector);
  if (known !== undefined) return known;
  return target !== null && target !== undefined && isPullRequest(target) ? 'pull-requests' : 'other';
}

/** By the word of the API. */
const sections: ReadonlyMap<string, string> = new Map([
  ['default', 'default'],
  ['branches', 'branches'],
  ['tags', 'tags'],
  ['bookmarks', 'bookmarks'],
  ['pull-requests', 'pull-requests'],
  ['pullrequests', 'pull-requests'],
]);

function buildCustomName(pattern: string | null | undefined): string {
  const name = makeLabelValue(pattern ?? '');
  return name === undefined ? 'custom' : (makeLabelValue(`custom/${name}`) ?? 'custom');
}

function isPullRequest({ type }: Target): boolean {
  return type === 'pipeline_pullrequest_target';
}

/** The web page of the run, for people. */
export function buildRunUrl(
  { workspace, slug }: Pick<RepositoryIdentity, 'workspace' | 'slug'>,
  number: number,
): string {
  return `https://bitbucket.org/${workspace}/${slug}/pipelines/results/${String(number)}`;
}

export function scopeOf({ slug }: Pick<RepositoryIdentity, 'slug'>): string {
  return makeLabelValue(slug) ?? 'unnamed';
}
