/** Prepares exemplars so that receivers and readers take them. */
import type { RelayedExemplar } from '../../model/relayed.ts';

/** OpenMetrics 1.0, Exemplars: characters of all names and values together. Receivers drop what is longer. */
const maxCharacters = 128;

/** The exemplar as receivers take it, its labels sorted and none empty; it may have none. Undefined for a long one. */
export function prepareExemplar({ labels, ...rest }: RelayedExemplar): RelayedExemplar | undefined {
  const written = Object.entries(labels)
    .filter(([name, value]) => name !== '' && value !== '')
    .map(([name, value]) => [name, value.toWellFormed()] as const)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const characters = written.reduce((sum, [name, value]) => sum + Array.from(name + value).length, 0);
  return characters <= maxCharacters ? { ...rest, labels: Object.fromEntries(written) } : undefined;
}
