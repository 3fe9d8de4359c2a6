/** Tests of turning a failed request into a problem with its kind, hint and time to try again. */
import { describe, expect, it } from 'vitest';
import {
  BadResponseError,
  ForbiddenRequestError,
  HttpConnectionError,
  HttpStatusError,
  HttpTimeoutError,
} from '../../../lambda/http/errors/errors.ts';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { SecretUnavailableError } from '../../../lambda/secrets/secrets.ts';

const request = 'GET ci.test/v3/metrics';

function status(code: number, retryAtMs?: number): HttpStatusError {
  return new HttpStatusError(request, { status: code, headers: {}, excerpt: 'token canary-7f3a is bad', retryAtMs });
}

describe('problemOf', () => {
  it.each([
    [400, 'rejected'],
    [401, 'auth'],
    [403, 'auth'],
    [404, 'configuration'],
    [405, 'configuration'],
    [409, 'rejected'],
    [410, 'configuration'],
    [413, 'rejected'],
    [422, 'rejected'],
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [599, 'unavailable'],
    [302, 'bad-response'],
  ])('takes %i for %s', (code, kind) => {
    const problem = describeHttpProblem(status(code), 'buildkite/main');

    expect(problem).toMatchObject({ kind, where: `buildkite/main ${request}` });
    expect(problem?.message).toMatch(new RegExp(`^answered ${String(code)}: \\w`));
    expect(problem).not.toHaveProperty('retryAtMs');
    expect(JSON.stringify(problem)).not.toContain('canary');
  });

  it('tells the hint of the plugin rather than its own', () => {
    const problem = describeHttpProblem(status(403), 'x', { 403: 'the token lacks read_agents' });

    expect(problem?.message).toBe('answered 403: the token lacks read_agents');
  });

  it('passes on when the server allows the next attempt', () => {
    expect(describeHttpProblem(status(429, 5), 'x')).toMatchObject({ kind: 'rate-limited', retryAtMs: 5 });
    expect(describeHttpProblem(status(503, 5), 'x')).toMatchObject({ kind: 'unavailable', retryAtMs: 5 });
  });

  it('takes a 403 with a time of return for an exhausted quota', () => {
    expect(describeHttpProblem(status(403, 5), 'x')).toMatchObject({ kind: 'rate-limited', retryAtMs: 5 });
  });

  it.each([
    [new HttpTimeoutError(request, 'no answer within 15 s'), 'timeout', 'no answer within 15 s'],
    [new BadResponseError(request, 'the answer is cut off'), 'bad-response', 'the answer is cut off'],
    [new ForbiddenRequestError(request, 'nothing is sent there'), 'configuration', 'nothing is sent there'],
  ])('tells the reason of %s once, without repeating where', (error, kind, message) => {
    expect(describeHttpProblem(error, 'x')).toEqual({ kind, where: `x ${request}`, message });
  });

  it.each([
    ['ECONNREFUSED', 'unavailable', /nothing listens at this address/],
    ['ENOTFOUND', 'unavailable', /cannot be resolved/],
    ['UND_ERR_CONNECT_TIMEOUT', 'unavailable', /security group/],
    ['CERT_HAS_EXPIRED', 'unavailable', /has expired/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unavailable', /set tls\.ca/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'auth', /client certificate/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'auth', /client certificate/],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'auth', /client certificate/],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'configuration', /do not belong together/],
    ['ERR_OSSL_PEM_NO_START_LINE', 'configuration', /not usable PEM/],
    ['ERR_SSL_DH_KEY_TOO_SMALL', 'unavailable', /allow TLS 1\.2 or 1\.3 on the server/],
    ['PROXY_407', 'auth', /the proxy refused the credentials/],
    ['PROXY_502', 'unavailable', /the proxy refused/],
    ['SOMETHING_NEW', 'unavailable', /the connection failed/],
  ])('explains %s', (code, kind, message) => {
    const problem = describeHttpProblem(new HttpConnectionError(request, code), 'x');

    expect(problem?.kind).toBe(kind);
    expect(problem?.message).toMatch(message);
    expect(problem?.message).toContain(`(${code})`);
  });

  it.each([
    ['not-found', 'auth'],
    ['denied', 'auth'],
    ['unavailable', 'unavailable'],
    ['aborted', 'timeout'],
  ] as const)('passes on why a secret cannot be read: %s is %s', (reason, kind) => {
    const error = new SecretUnavailableError('secret ci/token cannot be read', { reason });

    expect(describeHttpProblem(error, 'x')).toEqual({ kind, where: 'x', message: 'secret ci/token cannot be read' });
  });

  const passed = new DOMException('the deadline has passed', 'TimeoutError');
  const received = new DOMException('received SIGTERM', 'AbortError');
  const wrap = (cause?: unknown): Error => Object.assign(new Error('aborted', { cause }), { name: 'AbortError' });

  it.each([
    ['the deadline itself', passed],
    ['a timer of Node that the deadline ended', wrap(passed)],
    ['the AWS SDK, which tells no reason', wrap()],
  ])('takes %s for the deadline', (_what, error) => {
    const message = 'did not end before the deadline of the run; raise the function timeout';
    expect(describeHttpProblem(error, 'x')).toEqual({ kind: 'timeout', where: 'x', message });
  });

  it.each([
    ['a signal', received],
    ['a timer of Node that a signal ended', wrap(received)],
  ])('takes %s for an interruption', (_what, error) => {
    const message = 'did not end before the run was interrupted; start the run again';
    expect(describeHttpProblem(error, 'x')).toEqual({ kind: 'timeout', where: 'x', message });
  });

  it.each([new TypeError('x is not a function'), 'a string', undefined, null, { status: 401 }])(
    'leaves %s to its caller as a bug',
    (error) => {
      expect(describeHttpProblem(error, 'x')).toBeUndefined();
    },
  );
});
