/** Judges one delivery of a webhook, and makes the message that goes into the queue of its source. */
import { type Refusal, type WebhookRequest, type WebhookSchemeName, webhookSchemes } from './webhook-schemes.ts';

/** The answer to the sender; it has a status only, so that a probe learns nothing. */
export interface WebhookAnswer {
  readonly status: 202 | 204 | 401 | 405 | 413;
  /** What goes into the queue; absent for what is refused or not wanted. */
  readonly message?: string;
  /** Why it is refused, for the log; absent where the secret does not fit, as nearly always. */
  readonly refusal?: Exclude<Refusal, 'not signed'>;
}

export interface WebhookCheck {
  readonly secret: string;
  readonly scheme: WebhookSchemeName;
  readonly nowMs: number;
}

/** SQS takes no more in a message (SQS API reference, SendMessage); Bitbucket sends no more either. */
export const maxMessageBytes = 256 * 1024;

/** Which of the accepted events mean something is decided where the queue is read. */
export function judgeWebhook(request: WebhookRequest, { secret, scheme, nowMs }: WebhookCheck): WebhookAnswer {
  if (request.method !== 'POST') return { status: 405 };
  const { findRefusal, eventHeader, reduce } = webhookSchemes[scheme];
  // What is reduced may be as large as a function URL takes.
  if (reduce === undefined && request.body.length > maxMessageBytes) return { status: 413 };
  // With an empty secret every sender could sign.
  if (secret === '') return { status: 401 };
  const refusal = findRefusal(request, secret, nowMs);
  if (refusal !== undefined) return refusal === 'not signed' ? { status: 401 } : { status: 401, refusal };
  return takeDelivery(request.headers[eventHeader], request.body, reduce);
}

/** What a delivery that is proved becomes: a message, or nothing where no source has a use for it. */
function takeDelivery(event: string | undefined, content: Buffer, reduce: Reduce = keepAll): WebhookAnswer {
  if (event === undefined || content.length === 0) return { status: 204 };
  const body = reduce(event, content.toString('utf8'));
  if (body === undefined) return { status: 204 };
  const message = JSON.stringify({ event, body });
  // The envelope escapes each quotation mark of the body, so that one that fits may make a message that does not.
  return Buffer.byteLength(message) > maxMessageBytes ? { status: 413 } : { status: 202, message };
}

type Reduce = (event: string, body: string) => string | undefined;

function keepAll(_event: string, body: string): string {
  return body;
}
