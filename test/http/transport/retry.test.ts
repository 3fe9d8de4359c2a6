/** Tests of when a request is sent again, and after which pause. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpConnectionError, HttpStatusError, HttpTimeoutError } from '../../../lambda/http/errors/errors.ts';
import {
  computeBackoff,
  isNeverSent,
  longestWaitMs,
  maxAttempts,
  waitBeforeRetry,
} from '../../../lambda/http/transport/retry.ts';
import { startLoopbackServer, type Respond } from '../../support/network/loopback-server.ts';
import { errorOf, get, testPort } from '../test-port.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const nowMs = 1_000_000;

function request(extra: object = {}): Parameters<typeof waitBeforeRetry>[1] {
  return { method: 'GET', signal: new AbortController().signal, remainingMs: () => 60_000, ...extra };
}

function statusError(status: number, retryAtMs?: number): HttpStatusError {
  return new HttpStatusError('GET x/', { status, headers: {}, excerpt: '', retryAtMs });
}

function waitAfter(error: unknown, extra: object = {}, attempt = 0, jitter = 0): number | undefined {
  return waitBeforeRetry(error, request(extra), attempt, { clock: () => nowMs, random: () => jitter });
}

describe('backoffMs', () => {
  it('lies between half of the doubling bound and all of it, and never above five seconds', () => {
    fc.assert(
      fc.property(fc.nat(1_000), random, (attempt, jitter) => {
        const waitMs = computeBackoff(attempt, { random: () => jitter });
        const boundMs = Math.min(longestWaitMs, 200 * 2 ** attempt);

        expect(waitMs).toBeGreaterThanOrEqual(boundMs / 2);
        expect(waitMs).toBeLessThanOrEqual(boundMs);
      }),
    );
  });

  it('is never shorter than the one before, whatever the jitter', () => {
    fc.assert(
      fc.property(fc.nat(20), random, random, (attempt, first, second) => {
        const before = computeBackoff(attempt, { random: () => first });

        expect(computeBackoff(attempt + 1, { random: () => second })).toBeGreaterThanOrEqual(
          Math.min(before, longestWaitMs / 2),
        );
      }),
    );
  });

  it.each([
    [0, 200],
    [1, 400],
    [4, 3_200],
    [5, 5_000],
    [50, 5_000],
  ])('is spread over the upper half of its bound: attempt %i up to %i ms', (attempt, boundMs) => {
    expect(computeBackoff(attempt, { random: () => 0 })).toBe(boundMs / 2);
    expect(computeBackoff(attempt, { random: () => 0.998 })).toBeCloseTo(boundMs * 0.999);
  });
});

describe('waitBeforeRetry', () => {
  it.each([429, 500, 502, 503, 504])('repeats a GET after %i', (status) => {
    expect(waitAfter(statusError(status))).toBe(100);
  });

  it.each([400, 401, 403, 404, 501, 505])('takes %i for an answer', (status) => {
    expect(waitAfter(statusError(status))).toBeUndefined();
  });

  it('repeats a status that the request names', () => {
    expect(waitAfter(statusError(507), { retryStatuses: [507] })).toBe(100);
  });

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])(
    'repeats even a POST after %s, which was never sent',
    (code) => {
      expect(waitAfter(new HttpConnectionError('x', code), { method: 'POST' })).toBe(100);
    },
  );

  it.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET'])(
    'repeats after %s only what may happen twice',
    (code) => {
      const error = new HttpConnectionError('x', code);

      expect(waitAfter(error)).toBe(100);
      expect(waitAfter(error, { method: 'PUT' })).toBe(100);
      expect(waitAfter(error, { method: 'POST' })).toBeUndefined();
      expect(waitAfter(error, { method: 'POST', idempotent: true })).toBe(100);
      expect(waitAfter(error, { method: 'GET', idempotent: false })).toBeUndefined();
    },
  );

  it.each(['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'PROXY_407', 'UNKNOWN'])(
    'does not repeat after %s, which the next attempt meets again',
    (code) => {
      expect(waitAfter(new HttpConnectionError('x', code))).toBeUndefined();
    },
  );

  it.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_UNTRUSTED',
    'CERT_SIGNATURE_FAILURE',
    'CERT_CHAIN_TOO_LONG',
    'CERT_REVOKED',
    'CERT_REJECTED',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'HOSTNAME_MISMATCH',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    'ERR_SSL_NO_PROTOCOLS_AVAILABLE',
    'ERR_SSL_DH_KEY_TOO_SMALL',
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    'ERR_OSSL_PEM_NO_START_LINE',
    'UND_ERR_PRX_TLS',
    'PROXY_407',
    'PROXY_502',
  ])('knows that nothing was sent before %s, and does not meet it again', (code) => {
    const error = new HttpConnectionError('x', code);

    expect(isNeverSent(error)).toBe(true);
    expect(waitAfter(error, { method: 'POST' })).toBeUndefined();
    expect(waitAfter(error)).toBeUndefined();
  });

  it.each(['ERR_TLS_HANDSHAKE_TIMEOUT', 'ECONNREFUSED', 'EHOSTUNREACH'])(
    'knows that nothing was sent before %s, and tries again',
    (code) => {
      const error = new HttpConnectionError('x', code);

      expect(isNeverSent(error)).toBe(true);
      expect(waitAfter(error, { method: 'POST' })).toBe(100);
    },
  );

  it.each([
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'ETIMEDOUT',
    'EPROTO',
    'UND_ERR_SOCKET',
    'UND_ERR_PRX_CONN',
    'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC',
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    'UNKNOWN',
  ])('does not take %s for a proof that nothing was sent', (code) => {
    expect(isNeverSent(new HttpConnectionError('x', code))).toBe(false);
  });

  it('repeats a timeout of its own, but not after the deadline', () => {
    const error = new HttpTimeoutError('x', 'no answer within 15 s');

    expect(waitAfter(error)).toBe(100);
    expect(waitAfter(error, { signal: AbortSignal.abort() })).toBeUndefined();
  });

  it('never repeats what it does not know', () => {
    expect(waitAfter(new TypeError('a bug'))).toBeUndefined();
  });

  it('waits as long as the server asks, and a little', () => {
    expect(waitAfter(statusError(429, nowMs + 3_000), {}, 0, 0.5)).toBe(3_100);
    expect(waitAfter(statusError(429, nowMs - 3_000), {}, 0, 0.5)).toBe(100);
  });

  it('begins no wait that the deadline would cut', () => {
    expect(waitAfter(statusError(429, nowMs + 3_000), { remainingMs: () => 3_100 }, 0, 0.5)).toBeUndefined();
    expect(waitAfter(statusError(503), { remainingMs: () => 99 })).toBeUndefined();
  });

  it('gives up after four attempts', () => {
    expect(waitAfter(statusError(503), {}, maxAttempts - 2)).toBe(400);
    expect(waitAfter(statusError(503), {}, maxAttempts - 1)).toBeUndefined();
  });

  it('never waits longer than the time that is left', () => {
    fc.assert(
      fc.property(random, fc.nat(10), fc.nat(100_000), fc.option(fc.nat(100_000)), (jitter, attempt, left, after) => {
        const error = statusError(503, after === null ? undefined : nowMs + after);
        const source = { clock: () => nowMs, random: () => jitter };

        const waitMs = waitBeforeRetry(error, request({ remainingMs: () => left }), attempt, source) ?? 0;

        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(left);
      }),
    );
  });
});

/** Answers each request by the next of `responds`, and by the last of them from then on. */
function inTurn(...responds: readonly Respond[]): Respond {
  let turn = 0;
  return (...args) => {
    responds[Math.min(turn, responds.length - 1)]?.(...args);
    turn += 1;
  };
}

const ok: Respond = (_request, response) => {
  response.end('fine');
};
const unavailable: Respond = (_request, response) => {
  response.writeHead(503);
  response.end();
};
const reset: Respond = (request) => {
  request.socket.resetAndDestroy();
};

describe('a port', () => {
  it('gets an answer from a server that recovers', async () => {
    await using server = await startLoopbackServer(inTurn(unavailable, reset, ok));
    await using http = testPort();

    const response = await http.port.send(get(server.url));

    expect(Buffer.from(response.body).toString()).toBe('fine');
    expect(server.requests).toHaveLength(3);
  });

  it('sends the identical body again when the write may happen twice', async () => {
    await using server = await startLoopbackServer(inTurn(unavailable, ok));
    await using http = testPort();

    await http.port.send(get(server.url, { method: 'POST', idempotent: true, body: Buffer.from([1, 2, 250]) }));

    expect(server.requests.map(({ body }) => [...body])).toEqual([
      [1, 2, 250],
      [1, 2, 250],
    ]);
  });

  it('prepares every attempt anew and tells its number', async () => {
    await using server = await startLoopbackServer(inTurn(unavailable, unavailable, ok));
    await using http = testPort();

    await http.port.send(
      get(server.url, {
        prepare: (outgoing, attempt) => ({ ...outgoing, headers: { 'retry-attempt': String(attempt) } }),
      }),
    );

    expect(server.requests.map(({ headers }) => headers['retry-attempt'])).toEqual(['0', '1', '2']);
  });

  it('sends a POST once when its fate is unknown', async () => {
    await using server = await startLoopbackServer(reset);
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url, { method: 'POST', body: 'once' })));

    expect(error).toBeInstanceOf(HttpConnectionError);
    expect(server.requests).toHaveLength(1);
  });

  it('sends a request four times at most', async () => {
    await using server = await startLoopbackServer(unavailable);
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(error).toMatchObject({ name: 'HttpStatusError', status: 503 });
    expect(server.requests).toHaveLength(maxAttempts);
  });

  it('keeps the reason of the attempt when the deadline passes during a wait', async () => {
    await using server = await startLoopbackServer(unavailable);
    await using http = testPort({ random: () => 0.999, firstWaitMs: 60_000 });
    const deadline = new AbortController();
    const sending = http.port.send(get(server.url, { signal: deadline.signal }));
    await expect.poll(() => http.log.lines.length).toBeGreaterThan(0);

    deadline.abort(new DOMException('the deadline has passed', 'TimeoutError'));

    expect(await errorOf(sending)).toMatchObject({ name: 'HttpStatusError', status: 503 });
  });

  it('keeps the answer of the first attempt when the deadline cuts the second off', async () => {
    let requests = 0;
    await using server = await startLoopbackServer((request, response, recorded) => {
      requests += 1;
      if (requests === 1) unavailable(request, response, recorded);
    });
    await using http = testPort();
    const deadline = new AbortController();
    const sending = http.port.send(get(server.url, { signal: deadline.signal }));
    await expect.poll(() => requests).toBe(2);

    deadline.abort(new DOMException('the deadline has passed', 'TimeoutError'));

    expect(await errorOf(sending)).toMatchObject({ name: 'HttpStatusError', status: 503 });
  });
});
