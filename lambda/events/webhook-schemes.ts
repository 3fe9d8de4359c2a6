/** How CI systems prove that a delivery is theirs, and under which header they name its event. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { reduceGithubEvent } from './reduce-github-event.ts';
import { minuteMs } from '../model/time.ts';

/** A request as a Lambda function URL hands it over (Lambda developer guide, "Request and response payloads"). */
export interface WebhookRequest {
  readonly method: string;
  /** Names in lower case, as function URLs give them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** What is wrong with a delivery. */
export type Refusal = 'not signed' | 'stale';

interface WebhookScheme {
  readonly eventHeader: string;
  /** What of a delivery is needed; undefined for an event that no source wants. Absent where all of it is kept. */
  readonly reduce?: (event: string, body: string) => string | undefined;
  /** Undefined for a delivery whose sender knows the secret. */
  readonly findRefusal: (request: WebhookRequest, secret: string, nowMs: number) => Refusal | undefined;
}

/** Names of schemes, as the stack hands them to the function. */
export const webhookSchemeNames = [
  'hub-signature',
  'github-signature',
  'buildkite-signature',
  'buildkite-token',
] as const;
export type WebhookSchemeName = (typeof webhookSchemeNames)[number];

/** A delivery is dated when it is sent; Buildkite's documentation proposes this window. */
export const replayWindowMs = 5 * minuteMs;

export const webhookSchemes: Readonly<Record<WebhookSchemeName, WebhookScheme>> = {
  /** Bitbucket Cloud, "Secure webhooks": HMAC-SHA256 over the raw body. */
  'hub-signature': {
    eventHeader: 'x-event-key',
    findRefusal: ({ headers, body }, secret) => findHubRefusal(headers['x-hub-signature'], secret, body),
  },
  /** GitHub docs, "Validating webhook deliveries": the same under another name; `X-Hub-Signature` is of SHA-1 and proves nothing. */
  'github-signature': {
    eventHeader: 'x-github-event',
    reduce: reduceGithubEvent,
    findRefusal: ({ headers, body }, secret) => findHubRefusal(headers['x-hub-signature-256'], secret, body),
  },
  /** Buildkite docs, "Webhook signature": HMAC-SHA256 over the time of sending, a full stop and the raw body. */
  'buildkite-signature': {
    eventHeader: 'x-buildkite-event',
    findRefusal: ({ headers, body }, secret, nowMs) => {
      const given = /^timestamp=(\d{1,12}),\s*signature=([0-9a-fA-F]{64})$/.exec(
        headers['x-buildkite-signature'] ?? '',
      );
      const [, seconds = '', signature] = given ?? [];
      if (!isSignature(signature, secret, Buffer.concat([Buffer.from(`${seconds}.`), body]))) return 'not signed';
      return Math.abs(nowMs - Number(seconds) * 1000) > replayWindowMs ? 'stale' : undefined;
    },
  },
  /** Buildkite docs, "Webhook token": the secret itself, as it is; nothing dates or seals the body. */
  'buildkite-token': {
    eventHeader: 'x-buildkite-event',
    findRefusal: ({ headers }, secret) => {
      const given = headers['x-buildkite-token'];
      return given !== undefined && timingSafeEqual(digestOf(given), digestOf(secret)) ? undefined : 'not signed';
    },
  },
};

function findHubRefusal(given: string | undefined, secret: string, body: Buffer): Refusal | undefined {
  const [, signature] = /^sha256=([0-9a-fA-F]{64})$/.exec(given ?? '') ?? [];
  return isSignature(signature, secret, body) ? undefined : 'not signed';
}

function isSignature(hex: string | undefined, secret: string, signed: Buffer): boolean {
  if (hex === undefined) return false;
  const expected = createHmac('sha256', secret).update(signed).digest();
  return timingSafeEqual(expected, Buffer.from(hex, 'hex'));
}

/** Texts of different lengths cannot be compared in constant time; their digests can. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
