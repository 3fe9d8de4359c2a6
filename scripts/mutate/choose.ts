/** Draws a sample of mutants by a seed, and leaves out those that a compiler refuses anyway. */
import { createRandom } from '../../lambda/demo/simulators/random.ts';
import { compareText } from '../../lambda/model/families/order.ts';

/** A place in a file counted from 0, as Stryker hands it to a checker. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** One change of a file: `replacement` stands in the place of what is from `start` to `end`. */
export interface Mutant {
  readonly id: string;
  readonly fileName: string;
  readonly replacement: string;
  readonly mutatorName: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

export interface Sample {
  readonly count: number;
  readonly seed: number;
}

/**
 * The same seed draws the same mutants from the same code, in whatever order they come. A larger count with the same
 * seed keeps those of the smaller one.
 */
export function chooseMutants(
  mutants: readonly Mutant[],
  { count, seed }: Sample,
  compiles: (mutant: Mutant) => boolean,
): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const mutant of shuffle(mutants.toSorted(compareMutants), seed)) {
    if (chosen.size === count) break;
    if (compiles(mutant)) chosen.add(mutant.id);
  }
  return chosen;
}

/** Numbers of Stryker's own would change with the files beside it; the place in the code does not. */
function compareMutants(a: Mutant, b: Mutant): number {
  return (
    compareText(a.fileName, b.fileName) ||
    comparePositions(a.location.start, b.location.start) ||
    comparePositions(a.location.end, b.location.end) ||
    compareText(a.replacement, b.replacement)
  );
}

function comparePositions(a: Position, b: Position): number {
  return a.line - b.line || a.column - b.column;
}

/** By a random number for each. */
function shuffle<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const random = createRandom(seed);
  return items
    .map((item) => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
