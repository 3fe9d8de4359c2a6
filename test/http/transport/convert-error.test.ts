/** Tests of what an error of the transport says. */
import { describe, expect, it } from 'vitest';
import { convertToHttpError, createDeadlineError } from '../../../lambda/http/transport/convert-error.ts';
import { explainError } from '../../../lambda/sinks/cloudwatch/send/explain-error.ts';

const timeouts = { attemptMs: 1000, headersMs: 1000, bodyMs: 1000, connectMs: 1000 };
const going = new AbortController().signal;

describe('an error of the transport', () => {
  it.each([
    [new DOMException('received SIGTERM', 'AbortError'), /interrupted before the answer was complete/],
    [new DOMException('the deadline has passed', 'TimeoutError'), /before the deadline of the run; raise the function/],
  ])('tells an interruption from a deadline: %s', (reason, said) => {
    expect(createDeadlineError('GET x', AbortSignal.abort(reason)).message).toMatch(said);
  });

  it('names what HTTP does not take in a token: a line break, or a character that is none of Latin-1', () => {
    const error = Object.assign(new Error('invalid header'), { code: 'UND_ERR_INVALID_ARG' });

    const { message } = convertToHttpError(error, 'GET x', { run: going, attempt: going }, timeouts);

    expect(message).toContain('none of Latin-1');
  });
});

describe('a proxy that refuses credentials', () => {
  it('is a matter of credentials for the sink to CloudWatch, too', () => {
    const error = Object.assign(new Error('refused'), { code: 'PROXY_407' });

    const { kind, remedy, fate } = explainError(error, 'CI');

    expect({ kind, fate }).toEqual({ kind: 'auth', fate: 'not taken' });
    expect(remedy).toContain('HTTPS_PROXY');
  });
});
