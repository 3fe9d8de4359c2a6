import { compareText } from '../../model/order.ts';
import type { RelayedExemplar } from '../../model/relayed.ts';

/** OpenMetrics 1.0, Exemplars: characters of all names and values together. Receivers drop what is longer. */
const maxCharacters = 128;

const labelName = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The exemplar as receivers take it, its labels sorted and none empty; undefined for one that they would refuse. */
export function writableExemplar({ labels, ...rest }: RelayedExemplar): RelayedExemplar | undefined {
  const written = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => [name, value.toWellFormed()] as const)
    .sort(([a], [b]) => compareText(a, b));
  const characters = written.reduce((sum, [name, value]) => sum + Array.from(name + value).length, 0);
  const isWritable = written.every(([name]) => labelName.test(name)) && characters <= maxCharacters;
  return isWritable && written.length > 0 ? { ...rest, labels: Object.fromEntries(written) } : undefined;
}
