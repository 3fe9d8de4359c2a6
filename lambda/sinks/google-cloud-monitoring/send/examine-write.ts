/** Sends a request without a point, for the doctor: the API lets in who may write, and then refuses that it is empty. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import type { Finding } from '../../../model/finding.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { describeWrite } from '../../describe-write.ts';
import type { Setup } from '../setup.ts';
import { explainError } from './explain-error.ts';
import { createPost } from './post.ts';

export async function examineWrite(setup: Setup, deadline: Deadline): Promise<readonly Finding[]> {
  const { where } = setup;
  const post = createPost(setup, deadline);
  try {
    await post('timeSeries', '{"timeSeries":[]}', { isRepeated: false, refusal: undefined });
    return describeWrite(where, 'takes a request without points', undefined);
  } catch (error) {
    // A credential or project that is wrong is answered with 401, 403 or 404.
    if (error instanceof HttpStatusError && error.status === 400)
      return describeWrite(
        where,
        'lets the credential in, and refuses a request without points for being empty',
        undefined,
      );
    const { kind, text: message } = explainError(error, where);
    return describeWrite(where, '', { kind, where, message });
  }
}
