/** What can go wrong in this source, with what to do about it. */
import type { StatusHints } from '../../lambda/http/errors/problem.ts';
import type { Problem } from '../../lambda/model/problem.ts';
import { maxPages } from './api/list-queues.ts';

/** What a status means here, where that is more than it means everywhere. */
export const hints: StatusHints = {
  403: 'the token may not read queues; give it that right',
  404: 'there is no such list; check endpoint',
};

export function describeUnreadable(count: number, where: string): readonly Problem[] {
  if (count === 0) return [];
  const message = `left out ${String(count)} queues that are not what the API documents; the others are published`;
  return [{ kind: 'bad-response', where, message }];
}

export function describeCutShort(where: string): Problem {
  const message = `there are more than ${String(maxPages)} pages of queues; the rest was left out, so use a token that sees fewer`;
  return { kind: 'bad-response', where, message };
}
