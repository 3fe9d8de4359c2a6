/** Finds the word that was meant where another one was written. */

/** The known name that was most likely meant, or undefined when none is close: at most a third of it may differ. */
export function findNearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    // Each letter more or less is an edit: most names are too long or too short, and need no comparison.
    .filter((name) => Math.abs(name.length - word.length) <= computeMostEdits(name))
    .map((name) => ({ name, edits: computeDistance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= computeMostEdits(name))
    .sort((a, b) => a.edits - b.edits);
  return best?.name;
}

function computeMostEdits(name: string): number {
  return Math.ceil(name.length / 3);
}

/** Insertions, deletions and replacements (Levenshtein). */
function computeDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of a.split('').entries()) {
    const current = [row + 1];
    for (const [column, other] of b.split('').entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
