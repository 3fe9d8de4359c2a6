/** The value of the label `branch`: a class of branches, so that no branch makes a series of its own unless it is allowed to. */
import { makeLabelValue } from '../model/text/labels.ts';
import { matchAny } from '../settings/glob.ts';

/** The `branch` label of a branch in a repository with this main branch. */
export type BranchLabel = (branch: string | undefined, mainBranch: string) => string;

/** What to take for the main branch where the CI system does not tell: git's name and the older one. */
const usualMainBranches: readonly string[] = ['main', 'master'];

export function createBranchLabel(allowed: readonly string[]): BranchLabel {
  const isAllowed = matchAny(allowed);
  return (branch, mainBranch) => {
    if (branch === undefined) return 'other';
    if (isAllowed(branch)) return makeLabelValue(branch) ?? 'other';
    const isMain = mainBranch === '' ? usualMainBranches.includes(branch) : branch === mainBranch;
    return isMain ? 'main' : 'other';
  };
}
