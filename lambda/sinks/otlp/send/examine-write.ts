/** Sends a message without a point, for the doctor: a receiver has to answer it with success, and no figure changes. */
import type { Finding } from '../../../model/finding.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { describeWrite } from '../../describe-write.ts';
import type { Setup } from '../setup.ts';
import { explainError } from './explain-error.ts';
import { judge } from './judge.ts';
import { createPost } from './post.ts';

export async function examineWrite(setup: Setup, deadline: Deadline): Promise<readonly Finding[]> {
  const { ports, where, encode, messageAt } = setup;
  const { post } = createPost({ ...setup, tokens: setup.tokens?.metrics }, deadline);
  const reception = await judge(0, post(encode([], messageAt(ports.clock())), 'harmless'), {
    where,
    withoutSecrets: (text) => ports.http.withoutSecrets(text),
    onHint: () => undefined,
  });
  if (reception.outcome === 'stored') return describeWrite(where, 'takes a message without points', undefined);
  const { kind, text: message } = explainError('error' in reception ? reception.error : undefined, where);
  return describeWrite(where, '', { kind, where, message });
}
