/** Puts groups of lines together as paragraphs. */

/** With an empty line between two of them; a group without lines is none. */
export function joinParagraphs(groups: readonly (readonly string[])[]): string {
  const filled = groups.filter(({ length }) => length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
