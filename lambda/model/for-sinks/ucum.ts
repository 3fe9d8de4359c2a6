/** Units as UCUM writes them. */
import type { Unit } from '../metric.ts';

const base: Readonly<Record<Exclude<Unit, 'count'>, string>> = {
  seconds: 's',
  timestamp: 's',
  bytes: 'By',
  ratio: '1',
  percent: '%',
  // UCUM has no money; an annotation stands beside the label.
  currency: '{currency}',
};

/** How Prometheus spells a unit at the end of a name when it translates one (otlptranslator, unit suffixes). */
const inNames: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', '1': 'ratio', '%': 'percent' };

/** What is counted, by a word of the name. An annotation is no unit: receivers leave it out of names. */
const nouns: readonly (readonly [word: RegExp, annotation: string])[] = [
  [/jobs/, '{job}'],
  [/runners|workers/, '{worker}'],
  [/agent/, '{agent}'],
  [/runs/, '{run}'],
  [/requests/, '{request}'],
  [/samples/, '{sample}'],
  [/problems/, '{problem}'],
  [/errors/, '{error}'],
  [/deployments/, '{deployment}'],
];

export function formatUnit(name: string, unit: Unit): string {
  return unit === 'count' ? findAnnotation(name) : base[unit];
}

/** Only a unit that the name holds already: Prometheus would add any other to it, and the series would have two names. */
export function formatOwnUnit(name: string, unit: Unit): string {
  if (unit === 'count') return findAnnotation(name);
  const written = base[unit];
  return name.replace(/_total$/, '').endsWith(`_${inNames[written] ?? ''}`) ? written : '';
}

function findAnnotation(name: string): string {
  return nouns.find(([word]) => word.test(name))?.[1] ?? '';
}
