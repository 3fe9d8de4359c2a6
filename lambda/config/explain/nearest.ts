/** Finds the word that somebody meant who wrote another one. */
/** The known name that was most likely meant, or undefined when none is close: at most a third of it may differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    // Each letter more or less is an edit: most names are too long or too short, and need no comparison.
    .filter((name) => Math.abs(name.length - word.length) <= mostEdits(name))
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= mostEdits(name))
    .sort((a, b) => a.edits - b.edits);
  return best?.name;
}

function mostEdits(name: string): number {
  return Math.ceil(name.length / 3);
}

/** Insertions, deletions and replacements (Levenshtein). */
function distance(a: string, b: string): number {
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
