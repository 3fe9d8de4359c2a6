import { anyOf } from '../../../config/glob.ts';
import { labelValue } from '../../../model/text/labels.ts';
import type { BuildkiteConfig } from '../config.ts';
import type { Build } from '../user-api/rest-schema.ts';

/** Value of the label `branch`: a few classes instead of every branch there ever was. */
export type BranchClass = (build: Pick<Build, 'branch' | 'pipeline'>) => string;

const usualMainBranches = ['main', 'master'];

export function branchClasses({ mainBranches, namedBranches }: BuildkiteConfig): BranchClass {
  const isMain = anyOf(mainBranches ?? usualMainBranches);
  const isNamed = anyOf(namedBranches ?? []);
  return ({ branch, pipeline }) => {
    const name = branch ?? '';
    if (isNamed(name)) return labelValue(name) ?? 'other';
    // A list of the operator's is the whole list.
    const isDefault = mainBranches === undefined && name !== '' && name === pipeline?.default_branch;
    return isMain(name) || isDefault ? 'main' : 'other';
  };
}
