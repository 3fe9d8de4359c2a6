/** The page of a run. */
import type { Place } from './repository.ts';

/** Where a person looks at the run. */
export function runUrl({ workspace, slug }: Pick<Place, 'workspace' | 'slug'>, number: number): string {
  return `https://bitbucket.org/${workspace}/${slug}/pipelines/results/${String(number)}`;
}
