/** Counts, lists and cuts, as the messages of problems have them. */

/** Names that a message lists before it only counts. */
const maxListed = 5;

/** `1 point`, `2 points` */
export function formatCount(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12,345`, without a fraction. */
export function groupDigits(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `a, b, c, d, e and 2 others` */
export function formatList(names: readonly string[]): string {
  const more = names.length - maxListed;
  const shown = names.slice(0, maxListed).join(', ');
  return more > 0 ? `${shown} and ${formatCount(more, 'other')}` : shown;
}

/** At most `most` characters, and a sign that there were more. */
export function shortenText(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}
