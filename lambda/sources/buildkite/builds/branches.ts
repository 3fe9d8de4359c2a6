/** Sorts branches into the few values of the label `branch`. */
import { matchAny } from '../../../settings/glob.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { BuildkiteConfig } from '../config.ts';
import type { Build } from '../user-api/rest-schema.ts';

/** Value of the label `branch`: a few classes instead of every branch there ever was. */
export type ClassifyBranch = (build: Pick<Build, 'branch' | 'pipeline'>) => string;

const usualMainBranches = ['main', 'master'];

export function createBranchClassifier({ mainBranches, namedBranches }: BuildkiteConfig): ClassifyBranch {
  const isMain = matchAny(mainBranches ?? usualMainBranches);
  const isNamed = matchAny(namedBranches ?? []);
  return ({ branch, pipeline }) => {
    const name = branch ?? '';
    if (isNamed(name)) return makeLabelValue(name) ?? 'other';
    // A list of the operator's is the whole list.
    const isDefault = mainBranches === undefined && name !== '' && name === pipeline?.default_branch;
    return isMain(name) || isDefault ? 'main' : 'other';
  };
}
