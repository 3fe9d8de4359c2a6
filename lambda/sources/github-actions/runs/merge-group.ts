/** Recognises the runs that a merge queue asks for, by the branch that GitHub makes for each merge group. */
import * as z from 'zod';
import type { RunRecord } from '../api/schema.ts';
import type { RepositoryIdentity } from './repository.ts';

export const MergeGroup = z.object({
  /** The branch of the group, which no other group has. */
  name: z.string(),
  /** Value of the `branch` label of what it is to be merged into. */
  branch: z.string(),
});
/** A merge group: a pull request of a merge queue, with those that stand before it. */
export type MergeGroup = z.infer<typeof MergeGroup>;

/** GitHub docs, "Managing a merge queue": `gh-readonly-queue/<base>/pr-<number>-<commit>`; a base may have slashes. */
const groupBranch = /^gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]+$/;

/** Undefined for a run that no merge queue has asked for. */
export function findMergeGroup(
  { event, head_branch: name }: Pick<RunRecord, 'event' | 'head_branch'>,
  { branchLabel, defaultBranch }: Pick<RepositoryIdentity, 'branchLabel' | 'defaultBranch'>,
): MergeGroup | undefined {
  if (event !== 'merge_group' || name === undefined || name === null) return undefined;
  const base = groupBranch.exec(name)?.[1];
  return { name, branch: branchLabel(base, defaultBranch) };
}
