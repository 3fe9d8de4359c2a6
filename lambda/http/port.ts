/** The HTTP port: requests, answers and what a source or sink may ask of the network. */
import type { ClockReading } from './answers/server-clock.ts';

/** Client certificate and private CA in PEM, read from secrets. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name that the server certificate must have, where it differs from the host of the URL. */
  readonly servername?: string;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

export interface HttpRequest extends OutgoingRequest {
  readonly signal: AbortSignal;
  /** Time left until the deadline; a wait that does not fit is not begun. Milliseconds. */
  readonly remainingMs: () => number;
  /** May be sent again when its fate is unknown. Default: true for GET, PUT and DELETE, false for POST. */
  readonly idempotent?: boolean;
  /** Statuses besides 429, 502, 503 and 504 that are worth another attempt. */
  readonly retryStatuses?: readonly number[];
  /** Statuses after which the protocol forbids another attempt, whatever the rule for all others is. */
  readonly finalStatuses?: readonly number[];
  /** Statuses by which this server says that it has done nothing: worth another attempt even where nothing may be sent twice. */
  readonly undoneStatuses?: readonly number[];
  /** What a refusal says, for a protocol that does not write it as text; undefined: its first printable words. */
  readonly parseRefusalText?: (answer: Pick<HttpResponse, 'headers' | 'body'>) => string | undefined;
  readonly tls?: TlsMaterial;
  /**
   * Of the answer, compressed or not; default: what fits the largest page of a list. `as memory allows`: for JSON that
   * comes in one piece, because the server has no pages.
   */
  readonly maxResponseBytes?: number | 'as memory allows';
  /**
   * For a protocol that tells a refusal within a 2xx answer, as gRPC does: the HTTP status that means the same. The answer
   * is then counted, repeated and thrown as if it had come with that status. Undefined: the answer is a success.
   */
  readonly findHiddenRefusal?: (answer: Pick<HttpResponse, 'headers' | 'body'>) => HiddenRefusal | undefined;
  /** Seconds until the next attempt that a refusal (429, 503) names in its body only, from the beginning of the body. */
  readonly parseWaitSeconds?: (excerpt: string) => number | undefined;
  /** Called for each attempt (0, 1, …) just before it is sent: signs it, or adds a `Retry-Attempt` header. */
  readonly prepare?: (request: OutgoingRequest, attempt: number) => OutgoingRequest | Promise<OutgoingRequest>;
}

export interface HiddenRefusal {
  /** 400 to 599. */
  readonly status: number;
  /** What the server said of it; may echo a token, so callers show it only redacted. */
  readonly excerpt: string;
  /** Added to those of the answer, such as trailers. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Names in lower case; a repeated header is joined by `, `. */
export type ResponseHeaders = Readonly<Record<string, string>>;

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; a repeated header is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed, at most `maxResponseBytes`. */
  readonly body: Uint8Array;
  /** When the last byte was read. Epoch milliseconds. */
  readonly receivedAtMs: number;
}

/** What a plugin's requests did in one run; the report turns it into `ci_collector_api_requests` and metrics of rate limits. */
export interface RequestMeter {
  /** Answers by class, `2xx` … `5xx`, and `none` for attempts without an answer. */
  readonly attempts: ReadonlyMap<string, number>;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly rateLimit?: { readonly remaining: number; readonly limit?: number; readonly resetAtMs?: number };
}

/**
 * The only way to the network for sources and sinks, besides the AWS SDK.
 *
 * Adds a user agent, keeps connections alive per origin across warm runs, follows `HTTPS_PROXY`/`NO_PROXY`, verifies
 * TLS, bounds every phase by time and every answer by size, retries by the rules of `retry.ts`, and follows redirects
 * within the same origin only.
 */
export interface HttpPort {
  /** Resolves with a 2xx answer. @throws an `HttpError` of `errors.ts` for everything else. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Takes secrets out of a text of an answer 2xx. Call it before the text is cut: half a secret is not found. */
  withoutSecrets(text: string): string;
  /** Requests since the last call, then starts anew. */
  takeMeter(): RequestMeter;
  /** What the clocks of the servers say that have answered since then, one reading of each. */
  readClocks(): readonly ClockReading[];
}
