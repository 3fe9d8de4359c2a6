/** Puts findings in the order in which a person mends them, and sums up how it stands. */
import { type Finding, subjects } from '../model/finding.ts';

/** By subject; within one as they were found. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => subjects.indexOf(a.subject) - subjects.indexOf(b.subject));
}

/** `refused`: what failed is or includes a credential that a server does not take. */
export type Health = 'ok' | 'warning' | 'failed' | 'refused';

/** What cannot be found out is no fault. */
export function summarizeHealth(findings: readonly Finding[]): Health {
  const failed = findings.filter(({ verdict }) => verdict === 'failed');
  if (failed.some((finding) => 'kind' in finding && finding.kind === 'auth')) return 'refused';
  if (failed.length > 0) return 'failed';
  return findings.some(({ verdict }) => verdict === 'warning') ? 'warning' : 'ok';
}
