/** A checker for Stryker that lets only the seeded sample through to the tests, and of it only what type-checks. */
import * as z from 'zod';
import { chooseMutants, type Mutant, type Sample } from './choose.ts';
import { startTypeCheck } from './type-check.ts';

const Options = z.looseObject({
  sample: z.object({ count: z.int(), seed: z.int(), root: z.string(), topFolder: z.string() }),
});

/** What Stryker takes for an answer; a mutant that failed is reported and never run. */
type Checked = { readonly status: 'passed' } | { readonly status: 'compileError'; readonly reason: string };

interface Checker {
  readonly init: () => Promise<void>;
  readonly group: (mutants: readonly Mutant[]) => Promise<readonly (readonly string[])[]>;
  readonly check: (mutants: readonly Mutant[]) => Promise<Readonly<Record<string, Checked>>>;
}

/** A sample is drawn from all, so that all must come in one group. */
function createChecker(options: unknown): Checker {
  const { sample } = Options.parse(options);
  return {
    init: () => Promise.resolve(),
    group: (mutants) => Promise.resolve([mutants.map(({ id }) => id)]),
    check: (mutants) => Promise.resolve(checkSample(mutants, sample, startTypeCheck(sample.root, sample.topFolder))),
  };
}
createChecker.inject = ['options'] as const;

function checkSample(
  mutants: readonly Mutant[],
  sample: Sample,
  compiles: (mutant: Mutant) => boolean,
): Readonly<Record<string, Checked>> {
  const chosen = chooseMutants(mutants, sample, compiles);
  const checked = ({ id }: Mutant): Checked =>
    chosen.has(id) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' };
  return Object.fromEntries(mutants.map((mutant) => [mutant.id, checked(mutant)]));
}

/** Stryker looks for this name in a plugin. */
export const strykerPlugins = [{ kind: 'Checker', name: 'sample', factory: createChecker }];

/** Stryker warns of options that nobody declares. */
export const strykerValidationSchema = { properties: { sample: { type: 'object' } } };
