/** Says for the doctor whether a backend took something harmless. */
import { describeAsFinding, type Finding } from '../model/finding.ts';
import type { Problem } from '../model/problem.ts';

/** @param problem why it was not taken; undefined: it was */
export function describeWrite(where: string, taken: string, problem: Problem | undefined): readonly Finding[] {
  if (problem === undefined) return [{ subject: 'write', where, verdict: 'ok', message: taken }];
  return [describeAsFinding(problem, problem.kind === 'auth' ? 'credential' : 'write')];
}
