/** The words for what the backend does not store. */
import type { Problem } from '../../../lambda/model/problem.ts';
import { type Finding, tellFindings, tellUnsendable } from '../../../lambda/series/findings.ts';
import type { Flaw, Point } from '../encode/encode-points.ts';

const flaws: Readonly<Record<Flaw, string>> = {
  number:
    'left out, for JSON has neither NaN nor infinities; leave the metric out with `metrics.exclude`, and report it',
};

const noun = 'point';

/** Points that never left. */
export function tellFlaws(findings: readonly Finding<Flaw>[], where: string): readonly Problem[] {
  return tellFindings(findings, { flaws, noun, where });
}

/** Increases of earlier runs that cannot be read any more. This backend takes them however old they are. */
export function tellLate(unreadable: number, where: string): readonly Problem[] {
  return tellUnsendable({ old: 0, unreadable }, 'the backend takes every time', where);
}

/** `ci_queue_jobs{queue="default"}` */
export function show({ name, labels }: Point): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}{${pairs.join(',')}}`;
}

export const words = { noun, show };
