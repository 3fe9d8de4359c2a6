/** Tests of what becomes of a webhook delivery: signature, size, age, and the message in the queue. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeWebhook as judge, maxMessageBytes, type WebhookAnswer } from '../../lambda/events/judge-webhook.ts';
import { replayWindowMs, type WebhookRequest } from '../../lambda/events/webhook-schemes.ts';

const secret = 's3cret';
const body = Buffer.from('{"a":1}');
const event = { 'x-event-key': 'repo:commit_status_updated' };

/** By the scheme of Bitbucket, which knows no time. */
function judgeWebhook(request: WebhookRequest, of: string): WebhookAnswer {
  return judge(request, { secret: of, scheme: 'hub-signature', nowMs: 0 });
}

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

describe('a delivery of Buildkite', () => {
  const sentMs = 1_700_000_000_000;
  /** HMAC-SHA256 of `1700000000.{"a":1}` under the secret, by another implementation. */
  const signature = '1698a50bc74d1ff1db85c4e0a5297c2ad9fdba245d5737cdb789e4cc6e098940';
  const event = { 'x-buildkite-event': 'job.finished' };
  const signedHeaders = { ...event, 'x-buildkite-signature': `timestamp=1700000000,signature=${signature}` };

  function judgeSigned(headers: WebhookRequest['headers'], nowMs = sentMs, content = body): WebhookAnswer {
    return judge({ method: 'POST', headers, body: content }, { secret, scheme: 'buildkite-signature', nowMs });
  }

  function judgeToken(headers: WebhookRequest['headers'], of = secret): WebhookAnswer {
    return judge({ method: 'POST', headers, body }, { secret: of, scheme: 'buildkite-token', nowMs: sentMs });
  }

  it('goes into the queue when time and body are signed', () => {
    expect(judgeSigned(signedHeaders)).toEqual({
      status: 202,
      message: '{"event":"job.finished","body":"{\\"a\\":1}"}',
    });
  });

  it.each<readonly [string, WebhookRequest['headers']]>([
    ['without a signature', event],
    [
      'with the signature of another time',
      { ...event, 'x-buildkite-signature': `timestamp=1700000001,signature=${signature}` },
    ],
    ['with a signature without a time', { ...event, 'x-buildkite-signature': `signature=${signature}` }],
    ['with a time that is no number', { ...event, 'x-buildkite-signature': `timestamp=,signature=${signature}` }],
    ['with a signature that is too short', { ...event, 'x-buildkite-signature': 'timestamp=1700000000,signature=16' }],
    ['with the token, which proves less', { ...event, 'x-buildkite-token': secret }],
    ['with the signature of another CI system', { ...event, 'x-hub-signature': `sha256=${signature}` }],
  ])('%s is refused', (_what, headers) => {
    expect(judgeSigned(headers)).toEqual({ status: 401 });
  });

  it('is refused with another body than the signed one', () => {
    expect(judgeSigned(signedHeaders, sentMs, Buffer.from('{"a":2}'))).toEqual({ status: 401 });
  });

  it.each([
    ['just within the window', sentMs + replayWindowMs, 202],
    ['a moment too late', sentMs + replayWindowMs + 1, 401],
    ['sent before its time within the window', sentMs - replayWindowMs, 202],
    ['from the future', sentMs - replayWindowMs - 1, 401],
  ])('that comes %s is judged by its signed time', (_what, nowMs, status) => {
    expect(judgeSigned(signedHeaders, nowMs).status).toBe(status);
  });

  it('says why a late one is refused, for the log', () => {
    expect(judgeSigned(signedHeaders, sentMs + 2 * replayWindowMs)).toEqual({ status: 401, refusal: 'stale' });
  });

  it('with the plain token is taken where that is configured, and with another one refused', () => {
    expect(judgeToken({ ...event, 'x-buildkite-token': secret }).status).toBe(202);
    expect(judgeToken({ ...event, 'x-buildkite-token': `${secret} ` })).toEqual({ status: 401 });
    expect(judgeToken({ ...event, 'x-buildkite-token': '' }, '')).toEqual({ status: 401 });
    expect(judgeToken(event)).toEqual({ status: 401 });
    expect(judgeToken(signedHeaders)).toEqual({ status: 401 });
  });
});

describe('a delivery of GitHub', () => {
  // GitHub docs, "Validating webhook deliveries": the vector to test an implementation with.
  const vector = {
    secret: "It's a Secret to Everybody",
    body: Buffer.from('Hello, World!'),
    signature: 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  };

  function judgeGithub(headers: WebhookRequest['headers'], content: Buffer, of = secret): WebhookAnswer {
    return judge({ method: 'POST', headers, body: content }, { secret: of, scheme: 'github-signature', nowMs: 0 });
  }

  function sign(content: string): WebhookRequest['headers'] {
    return { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(content).digest('hex')}` };
  }

  it('is taken with the signature of the documented vector', () => {
    const headers = { 'x-github-event': 'workflow_job', 'x-hub-signature-256': vector.signature };

    expect(judgeGithub(headers, vector.body, vector.secret)).toEqual({
      status: 202,
      message: '{"event":"workflow_job","body":"unreadable"}',
    });
  });

  it.each<readonly [string, WebhookRequest['headers'], Buffer]>([
    ['changed by a byte', { 'x-hub-signature-256': vector.signature }, Buffer.from('Hello, World?')],
    ['signed by SHA-1 only', { 'x-hub-signature': 'sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59' }, vector.body],
    ['signed under the name of Bitbucket', { 'x-hub-signature': vector.signature }, vector.body],
    ['without a signature', {}, vector.body],
  ])('is refused when it is %s', (_what, headers, content) => {
    expect(judgeGithub({ 'x-github-event': 'ping', ...headers }, content, vector.secret)).toEqual({ status: 401 });
  });

  const kept = {
    id: 91,
    run_id: 90,
    run_attempt: 2,
    name: 'test (20)',
    status: 'completed',
    conclusion: 'success',
    created_at: '2026-09-01T10:00:02Z',
    started_at: '2026-09-01T10:00:40Z',
    completed_at: '2026-09-01T10:01:40Z',
    labels: ['gpu'],
    runner_id: 12,
  };
  const job = {
    ...kept,
    runner_name: 'secret-host',
    steps: Array.from({ length: 300 }, (_, index) => ({
      name: 'Run curl',
      number: index,
      started_at: '2026-09-01T10:00:41Z',
    })),
  };
  const delivery = {
    action: 'completed',
    workflow_job: job,
    repository: { id: 501, full_name: 'acme/shop', default_branch: 'main', owner: { login: 'acme' } },
    sender: { login: 'octocat', id: 1 },
  };

  it('goes into the queue without people, messages, hosts and the text of steps', () => {
    const text = JSON.stringify(delivery);
    const { message = '' } = judgeGithub({ 'x-github-event': 'workflow_job', ...sign(text) }, Buffer.from(text));

    expect(message.length).toBeLessThan(1024);
    expect(message).not.toMatch(/octocat|secret-host|curl/);
    const envelope: unknown = JSON.parse(message);
    expect(envelope).toEqual({ event: 'workflow_job', body: expect.any(String) as unknown });
    const { body: queued } = envelope as { readonly body: string };
    expect(JSON.parse(queued)).toEqual({
      action: 'completed',
      workflow_job: { ...kept, steps: [{ started_at: '2026-09-01T10:00:41Z' }] },
      repository: { id: 501, full_name: 'acme/shop', default_branch: 'main' },
    });
  });

  it('may be larger than a message, for what is kept of it is not', () => {
    const text = JSON.stringify({ ...delivery, sender: { login: 'x'.repeat(maxMessageBytes) } });

    expect(judgeGithub({ 'x-github-event': 'workflow_job', ...sign(text) }, Buffer.from(text)).status).toBe(202);
  });

  it.each(['ping', 'push', 'check_run', 'workflow_dispatch'])('%s is taken and forgotten', (name) => {
    const text = JSON.stringify({ zen: 'Design for failure.' });

    expect(judgeGithub({ 'x-github-event': name, ...sign(text) }, Buffer.from(text))).toEqual({ status: 204 });
  });
});
