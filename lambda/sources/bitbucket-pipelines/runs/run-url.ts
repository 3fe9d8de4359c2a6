/** The page of a run. */
import type { RepositoryIdentity } from './repository.ts';

/** The web page of the run, for people. */
export function buildRunUrl(
  { workspace, slug }: Pick<RepositoryIdentity, 'workspace' | 'slug'>,
  number: number,
): string {
  return `https://bitbucket.org/${workspace}/${slug}/pipelines/results/${String(number)}`;
}
