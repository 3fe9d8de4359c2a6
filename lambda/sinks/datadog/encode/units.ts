/** Units by Datadog's own names for them; what has none is sent without. */
import type { Unit } from '../../../model/metric.ts';

/** A moment has none: as seconds it would be shown as an age of decades. */
const base: Readonly<Partial<Record<Unit, string>>> = {
  seconds: 'second',
  bytes: 'byte',
  ratio: 'fraction',
  percent: 'percent',
};

/** What is counted, by a word of the name (documentation, "Metrics Units", general and network). */
const nouns: readonly (readonly [word: RegExp, unit: string])[] = [
  [/jobs/, 'job'],
  [/runners|workers/, 'worker'],
  [/requests/, 'request'],
  [/samples/, 'sample'],
  [/errors/, 'error'],
];

export function findUnit(name: string, unit: Unit): string | undefined {
  return unit === 'count' ? nouns.find(([word]) => word.test(name))?.[1] : base[unit];
}
