/** The errors that the HTTP port throws. */

/** Base of all errors of the HTTP port. `where` is method, host and path: no user info, no query, no header. */
export abstract class HttpError extends Error {
  readonly where: string;

  constructor(where: string, message: string, options?: ErrorOptions) {
    super(`${where}: ${message}`, options);
    this.where = where;
  }
}

/** The server answered, but not with 2xx. */
export class HttpStatusError extends HttpError {
  override readonly name = 'HttpStatusError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of the answer, at most 1 KiB, printable; it may echo a token, so callers show it only redacted. */
  readonly excerpt: string;
  /** When the server allows the next attempt, by Retry-After or a RateLimit reset header. Epoch milliseconds. */
  readonly retryAtMs: number | undefined;

  constructor(
    where: string,
    answer: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly excerpt: string;
      readonly retryAtMs?: number | undefined;
    },
  ) {
    super(where, `answered ${String(answer.status)}`);
    this.status = answer.status;
    this.headers = answer.headers;
    this.excerpt = answer.excerpt;
    this.retryAtMs = answer.retryAtMs;
  }
}

/** No complete answer within a timeout of the request, or before the deadline of the run. */
export class HttpTimeoutError extends HttpError {
  override readonly name = 'HttpTimeoutError';
}

/** The answer came, but there was no room in memory for it before the deadline of the run. */
export class NoRoomError extends HttpTimeoutError {}

/** No connection, a connection that broke, or a TLS failure; `code` is Node's error code, such as ECONNREFUSED. */
export class HttpConnectionError extends HttpError {
  override readonly name = 'HttpConnectionError';
  readonly code: string;

  constructor(where: string, code: string, options?: ErrorOptions) {
    super(where, `no connection (${code})`, options);
    this.code = code;
  }
}

/** The answer cannot be used: too large, not the promised encoding or format, or a redirect that must not be followed. */
export class BadResponseError extends HttpError {
  override readonly name = 'BadResponseError';
}

/** A redirect that is not followed. */
export class RedirectError extends BadResponseError {
  /** 303 says that the request was done and where its result is; every other redirect that it was not. */
  readonly isDone: boolean;

  constructor(where: string, message: string, status: number) {
    super(where, message);
    this.isDone = status === seeOther;
  }
}

/** RFC 9110, section 15.4.4. */
const seeOther = 303;

/** What answers speaks another protocol, such as HTTP/2 without an upgrade: the port is that of another service. */
export class NotHttpError extends BadResponseError {}

/** The answer is larger than the limit of the port; asking for a smaller page may help. */
export class ResponseTooLargeError extends BadResponseError {}

/** The request may not be sent: a forbidden address or a URL outside the allowed origin. */
export class ForbiddenRequestError extends HttpError {
  override readonly name = 'ForbiddenRequestError';
}

/** A secret holds what cannot be meant, so that nothing was sent; the store may hold something better by now. */
export class UnusableSecretError extends ForbiddenRequestError {}
