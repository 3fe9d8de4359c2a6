/** Writes problems, each once, with how often it happened and when it is tried again. */
import type { Problem } from '../../model/problem.ts';
import { makePrintable } from './text-width.ts';
import type { Theme } from './theme.ts';

/** Each problem once: its kind and place, and below it what happened and what to do. */
export function renderProblems(
  problems: readonly Problem[],
  { paint, signs }: Theme,
  nowMs: number,
): readonly string[] {
  const counted = new Map<string, { problem: Problem; count: number }>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.kind, problem.where, problem.message]);
    counted.set(key, { problem, count: (counted.get(key)?.count ?? 0) + 1 });
  }
  return [...counted.values()].flatMap(({ problem, count }) => [
    `${paint('bad', `${signs.bad} ${problem.kind}`)}  ${makePrintable(problem.where)}${count > 1 ? ` (${String(count)} times)` : ''}`,
    `  ${makePrintable(problem.message)}${formatRetry(problem, nowMs)}`,
  ]);
}

function formatRetry({ retryAtMs }: Problem, nowMs: number): string {
  if (retryAtMs === undefined) return '';
  return ` (again in ${String(Math.max(0, Math.ceil((retryAtMs - nowMs) / 1000)))} s)`;
}
