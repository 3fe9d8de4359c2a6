/** Collects every text that a configuration holds: names, places, addresses; a secret is never among them. */

export function collectTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) => [key, ...collectTexts(inside)]);
}
