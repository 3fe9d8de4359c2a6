import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeWebhook, maxMessageBytes, type WebhookRequest } from '../../lambda/events/webhook.ts';

const secret = 's3cret';
const body = Buffer.from('{"a":1}');
const event = { 'x-event-key': 'repo:commit_status_updated' };

function signed(change: Partial<WebhookRequest> = {}): WebhookRequest {
  const content = change.body ?? body;
  const signature = createHmac('sha256', secret).update(content).digest('hex');
  return { method: 'POST', body: content, headers: { ...event, 'x-hub-signature': `sha256=${signature}` }, ...change };
}

describe('a delivery', () => {
  it('with the signature of Bitbucket’s documented example goes into the queue as it came', () => {
    const headers = {
      ...event,
      'x-hub-signature': 'sha256=5910e62016ef5034272c926c27071992a465c2335cecf41851bda071577f4f6d',
    };

    expect(judgeWebhook({ method: 'POST', headers, body }, secret)).toEqual({
      status: 202,
      message: '{"event":"repo:commit_status_updated","body":"{\\"a\\":1}"}',
    });
  });

  it.each<readonly [string, Partial<WebhookRequest>]>([
    ['without a signature', { headers: event }],
    ['with an empty signature', { headers: { ...event, 'x-hub-signature': '' } }],
    ['with a signature of another scheme', { headers: { ...event, 'x-hub-signature': `sha1=${'0'.repeat(40)}` } }],
    ['with a signature that is too short', { headers: { ...event, 'x-hub-signature': 'sha256=59' } }],
    ['with a signature of another body', { body: Buffer.from('{"a":2}'), headers: signed().headers }],
    ['with more than the signature', { headers: { ...event, 'x-hub-signature': `sha256=${'0'.repeat(65)}` } }],
  ])('%s is refused', (_what, change) => {
    expect(judgeWebhook(signed(change), secret)).toEqual({ status: 401 });
  });

  it('is refused while the secret is empty, for anybody could sign with that', () => {
    const signature = createHmac('sha256', '').update(body).digest('hex');
    const headers = { ...event, 'x-hub-signature': `sha256=${signature}` };

    expect(judgeWebhook({ method: 'POST', headers, body }, '')).toEqual({ status: 401 });
  });

  it('by another method is refused before anything is computed', () => {
    expect(judgeWebhook(signed({ method: 'GET' }), secret)).toEqual({ status: 405 });
  });

  it.each([
    ['too long a body', Buffer.alloc(maxMessageBytes + 1, 'a')],
    ['a body that only fits without the envelope around it', Buffer.alloc(maxMessageBytes - 10, 'a')],
    ['a body whose quotation marks the envelope escapes', Buffer.alloc(maxMessageBytes / 2, '"')],
  ])('with %s is refused, for SQS would not take it', (_what, content) => {
    expect(judgeWebhook(signed({ body: content }), secret)).toEqual({ status: 413 });
  });

  it('goes into a message of at most what SQS takes', () => {
    const { status, message = '' } = judgeWebhook(signed({ body: Buffer.alloc(maxMessageBytes - 100, 'a') }), secret);

    expect(status).toBe(202);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(maxMessageBytes);
  });

  it('without an event, such as a ping, is taken and forgotten', () => {
    const { headers } = signed();

    expect(judgeWebhook(signed({ headers: { ...headers, 'x-event-key': undefined } }), secret)).toEqual({
      status: 204,
    });
  });

  it('is accepted exactly when it was signed with the secret, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.string({ minLength: 1 }), (bytes, other) => {
        const content = Buffer.from(bytes);
        const { status } = judgeWebhook(signed({ body: content }), other);

        expect(status).toBe(other === secret ? 202 : 401);
        expect(judgeWebhook(signed({ body: content }), secret).status).toBe(202);
      }),
    );
  });
});
