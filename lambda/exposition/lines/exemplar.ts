/** Prepares exemplars so that receivers and readers take them. */
import { maxExemplarCharacters, measureLabels } from '../../model/exemplar.ts';
import type { RelayedExemplar } from '../../model/relayed.ts';

/** The exemplar as receivers take it, its labels sorted and none empty; it may have none. Undefined for a long one. */
export function prepareExemplar({ labels, ...rest }: RelayedExemplar): RelayedExemplar | undefined {
  const written = Object.entries(labels)
    .filter(([name, value]) => name !== '' && value !== '')
    .map(([name, value]) => [name, value.toWellFormed()] as const)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return measureLabels(written) <= maxExemplarCharacters ? { ...rest, labels: Object.fromEntries(written) } : undefined;
}
