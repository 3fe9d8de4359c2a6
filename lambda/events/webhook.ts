import { createHmac, timingSafeEqual } from 'node:crypto';

/** A request as a Lambda function URL hands it over (Lambda developer guide, "Request and response payloads"). */
export interface WebhookRequest {
  readonly method: string;
  /** Names in lower case, as function URLs give them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What the sender is told; the body is never more than a word, so that a probe learns nothing. */
export interface WebhookAnswer {
  readonly status: 202 | 204 | 401 | 405 | 413;
  /** What goes into the queue; absent for what is refused or not wanted. */
  readonly message?: string;
}

/** SQS takes no more in a message (SQS API reference, SendMessage); Bitbucket sends no more either. */
export const maxMessageBytes = 256 * 1024;

/** Bitbucket's header; GitHub's `X-Hub-Signature-256` is the same scheme under another name. */
const signatureHeaders = ['x-hub-signature', 'x-hub-signature-256'] as const;

/**
 * Judges one delivery: its signature is HMAC-SHA256 over the raw body (reference: Bitbucket Cloud, "Secure webhooks").
 * Which of the accepted events mean something is decided where the queue is read.
 */
export function judgeWebhook(request: WebhookRequest, secret: string): WebhookAnswer {
  if (request.method !== 'POST') return { status: 405 };
  if (request.body.length > maxMessageBytes) return { status: 413 };
  if (!isSigned(request, secret)) return { status: 401 };
  const event = request.headers['x-event-key'];
  if (event === undefined || request.body.length === 0) return { status: 204 };
  const message = JSON.stringify({ event, body: request.body.toString('utf8') });
  // The envelope escapes each quotation mark of the body, so that one that fits may make a message that does not.
  return Buffer.byteLength(message) > maxMessageBytes ? { status: 413 } : { status: 202, message };
}

function isSigned({ headers, body }: WebhookRequest, secret: string): boolean {
  // An empty secret would accept what anybody can sign.
  if (secret === '') return false;
  const given = signatureHeaders.map((name) => headers[name]).find((value) => value !== undefined);
  const match = /^sha256=([0-9a-fA-F]{64})$/.exec(given ?? '');
  if (match?.[1] === undefined) return false;
  const expected = createHmac('sha256', secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(match[1], 'hex'));
}
