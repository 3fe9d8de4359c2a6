/** An exemplar fits as a whole or is left out: a label that is cut leads nowhere. */
import type { Exemplar, Labels } from './metric.ts';

/** OpenMetrics 1.0, "Exemplars": characters (Unicode code points) of all names and values together. */
export const maxExemplarCharacters = 128;

/** Characters of all names and values together. */
export function measureLabels(labels: Iterable<readonly [string, string]>): number {
  let sum = 0;
  for (const [name, value] of labels) sum += Array.from(name).length + Array.from(value).length;
  return sum;
}

/** The first of these labels that fit, without those that are empty; undefined where none fits or nothing is left. */
export function pickExemplar(candidates: readonly Labels[], timestampMs: number): Omit<Exemplar, 'value'> | undefined {
  const labels = candidates
    .map((candidate) => Object.entries(candidate).filter(([, value]) => value !== ''))
    .find((candidate) => measureLabels(candidate) <= maxExemplarCharacters);
  if (labels === undefined || labels.length === 0) return undefined;
  return { labels: Object.fromEntries(labels), timestampMs };
}
