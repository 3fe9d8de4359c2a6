/** Tests of the message and kind of error for each way in which a server can fail. */
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../lambda/http/answers/json.ts';
import type { Timeouts } from '../../../lambda/http/transport/limits.ts';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { faultNamed, faults } from '../../support/network/faults.ts';
import { startFaultServer } from '../../support/network/fault-server.ts';
import { errorOf, get, testPort, type TestPort } from '../test-port.ts';

/** For what never ends by itself; everything else has the usual limits, which no busy machine meets. */
const shortTimeouts: Readonly<Record<string, Partial<Timeouts>>> = {
  'no answer': { headersMs: 1_000 },
  'slow drip': { attemptMs: 2_000 },
};

function portFor(fault: string): TestPort {
  return testPort({ timeouts: shortTimeouts[fault] ?? {} });
}

const Anything = z.object({});
const canary = 'canary-7f3a';

/** One attempt fits, a second one does not: what is tested is the fault, not the retries. */
function oneAttempt(): () => number {
  return () => 0;
}

describe('a source-like request', () => {
  it.each(faults)('sees $source in: $name', async (fault) => {
    await using server = await startFaultServer(fault);
    await using http = portFor(fault.name);

    const error = await errorOf(
      readJson(
        http.port,
        get(`${server.url}/v3/metrics?token=${canary}`, {
          headers: { authorization: `Token ${canary}` },
          remainingMs: oneAttempt(),
        }),
        Anything,
      ),
    );
    const problem = describeHttpProblem(error, 'buildkite/main');

    expect(problem?.kind).toBe(fault.source);
    expect(problem?.where).toBe(`buildkite/main GET ${new URL(server.url).host}/v3/metrics`);
    expect(problem?.message).not.toBe('');
    expect(server.requests).toHaveLength(1);
    expect(server.otherOrigin.requests).toEqual([]);
    expect(JSON.stringify([problem, http.log.lines, String(error)])).not.toContain(canary);
  });
});

describe('a sink-like request', () => {
  it.each(faults)('sees $sink in: $name', async (fault) => {
    await using server = await startFaultServer(fault);
    await using http = portFor(fault.name);
    const request = get(`${server.url}/api/v1/write`, {
      method: 'POST',
      body: 'data',
      headers: { authorization: `Bearer ${canary}` },
      remainingMs: oneAttempt(),
    });

    const problem = await http.port.send(request).then(
      () => undefined,
      (error: unknown) => describeHttpProblem(error, 'remote-write/main'),
    );

    expect(problem?.kind).toBe(fault.sink);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['data']);
    expect(server.otherOrigin.requests).toEqual([]);
  });
});

describe('the message', () => {
  it.each([
    ['truncated JSON', 'the answer is cut off'],
    ['HTML instead of JSON', 'the answer is HTML, not JSON: a login page, a proxy or a wrong URL; check'],
    ['invalid UTF-8', 'the answer is not UTF-8'],
    ['empty body', 'the answer is empty, not JSON'],
    ['huge body', 'the answer is larger than the limit of 4194304 bytes'],
    ['gzip bomb', 'the answer is larger than the limit of 4194304 bytes'],
    ['no answer', 'no answer within 1 s'],
    ['slow drip', 'no complete answer within 2 s'],
    ['connection reset mid-body', /broke the connection off; .* \((ECONNRESET|UND_ERR_SOCKET)\)$/],
  ] as const)('says what is wrong with: %s', async (name, message) => {
    await using server = await startFaultServer(faultNamed(name));
    await using http = portFor(name);

    const error = await errorOf(readJson(http.port, get(server.url, { remainingMs: oneAttempt() }), Anything));

    expect(describeHttpProblem(error, 'x')?.message).toMatch(message);
  });

  it('names the other origin of a redirect', async () => {
    await using server = await startFaultServer(faultNamed('redirect to another origin'));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(describeHttpProblem(error, 'x')?.message).toBe(
      `the answer redirects to another origin (${server.otherOrigin.url}), which is not followed; ` +
        'if the server has moved there, change the URL in the configuration',
    );
  });

  it('tells when the server allows the next attempt', async () => {
    await using server = await startFaultServer(faultNamed('429 with Retry-After'));
    await using http = testPort({ clock: () => 1_000_000 });

    const error = await errorOf(http.port.send(get(server.url)));

    expect(describeHttpProblem(error, 'x')?.retryAtMs).toBe(1_000_000 + 3_600_000);
    expect(server.requests).toHaveLength(1);
  });
});
