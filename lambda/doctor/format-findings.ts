/** The findings of an examination as data, for a program or a log query. */
import type { Finding, Verdict } from '../model/finding.ts';
import { version } from '../version.ts';
import { summarizeHealth } from './sort-findings.ts';

/** One JSON object: how it stands, how many findings of each kind there are, and all of them. */
export function formatFindings(findings: readonly Finding[]): Readonly<Record<string, unknown>> {
  return { doctor: version, health: summarizeHealth(findings), ...countVerdicts(findings), findings };
}

/** How many promises are kept, and how many are not. */
export function countVerdicts(findings: readonly Finding[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, unknown: 0, warning: 0, failed: 0 };
  for (const { verdict } of findings) counts[verdict] += 1;
  return counts;
}
