/** Makes one problem of many with one cause, so that a token that is wrong is one line and not a hundred. */
import type { Problem } from './problem.ts';

/**
 * The first problem of each cause, in their order; how many more there were stands at the end of its message.
 * @param causeOf What problems of one cause have in common; their kind and message by default.
 */
export function mergeRepeatedProblems(
  problems: readonly Problem[],
  causeOf: (problem: Problem) => string = ({ kind, message }) => `${kind} ${message}`,
): readonly Problem[] {
  return [...Map.groupBy(problems, causeOf).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [appendCount(first, others.length)],
  );
}

function appendCount(problem: Problem, more: number): Problem {
  if (more === 0) return problem;
  const such = `${String(more)} more such ${more === 1 ? 'problem' : 'problems'} in this run`;
  return { ...problem, message: `${problem.message}; ${such}` };
}
