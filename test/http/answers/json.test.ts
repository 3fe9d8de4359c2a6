/** Tests of reading JSON answers: cut off, too deep, in a wrong encoding, or not JSON at all. */
import * as fc from 'fast-check';
import { inspect } from 'node:util';
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { readJson, maxJsonDepth, parseJson } from '../../../lambda/http/answers/json.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { get, testPort } from '../test-port.ts';

const Anything = z.unknown();

function parse(body: Uint8Array | string, schema: z.ZodType = Anything, headers: Record<string, string> = {}): unknown {
  return parseJson('GET x/', { headers, body: typeof body === 'string' ? Buffer.from(body) : body }, schema);
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('expected a throw');
}

describe('parseJson', () => {
  it('reads back whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(parse(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('calls every proper beginning of an object cut off, in the midst of a character too', () => {
    const bytes = Buffer.from('{"a":["x\\"]}{",{"é":null}],"b":"\\\\"}');
    const starts = Array.from({ length: bytes.byteLength - 1 }, (_, index) => bytes.subarray(0, index + 1));

    const messages = new Set(starts.map((start) => String(thrownBy(() => parse(start)))));

    expect([...messages]).toEqual([
      'BadResponseError: GET x/: the answer is cut off; check the URL, and proxies on the way',
      'BadResponseError: GET x/: the answer is not UTF-8; check the URL, and proxies on the way',
    ]);
  });

  it('takes a byte order mark for what it is', () => {
    expect(parse('\ufeff{"a":1}')).toEqual({ a: 1 });
  });

  it.each([
    ['nothing', '', 'the answer is empty, not JSON; check the URL, and proxies on the way'],
    [
      'an HTML page',
      '\n <html>canary-7f3a',
      'the answer is HTML, not JSON: a login page, a proxy or a wrong URL; check the URL and the credentials',
    ],
    [
      'bytes of Latin-1',
      Buffer.from([0x22, 0xe9, 0x22]),
      'the answer is not UTF-8; check the URL, and proxies on the way',
    ],
    [
      'a UTF-16 text',
      Buffer.from('\ufeff{}', 'utf16le'),
      'the answer is not UTF-8; check the URL, and proxies on the way',
    ],
    ['words', 'canary-7f3a', 'the answer is not JSON; check the URL, and proxies on the way'],
    ['two documents', '{"canary-7f3a":1}{}', 'the answer is not JSON; check the URL, and proxies on the way'],
    ['a closed bracket too many', '{}}', 'the answer is not JSON; check the URL, and proxies on the way'],
    ['a trailing comma', '{"canary-7f3a":1,}', 'the answer is not JSON; check the URL, and proxies on the way'],
    [
      'brackets without end',
      '['.repeat(1_000_000),
      'the answer nests deeper than 64; check the URL, and proxies on the way',
    ],
  ])('says what is wrong with %s, and quotes nothing', (_what, body, message) => {
    const error = thrownBy(() => parse(body));

    expect(error).toMatchObject({ name: 'BadResponseError', message: `GET x/: ${message}` });
    expect(inspect(error)).not.toContain('canary');
  });

  it('believes a content type of HTML', () => {
    const error = thrownBy(() => parse('Sign in', Anything, { 'content-type': 'text/html; charset=utf-8' }));

    expect(error).toMatchObject({
      message:
        'GET x/: the answer is HTML, not JSON: a login page, a proxy or a wrong URL; check the URL and the credentials',
    });
  });

  it('allows brackets as deep as the limit, and any number of them in strings', () => {
    expect(() => parse('['.repeat(maxJsonDepth) + ']'.repeat(maxJsonDepth))).not.toThrow();
    expect(() => parse('['.repeat(maxJsonDepth + 1) + ']'.repeat(maxJsonDepth + 1))).toThrow('nests deeper');
    expect(() => parse(JSON.stringify('[{"'.repeat(100)))).not.toThrow();
  });
});

describe('an answer of another shape', () => {
  const Jobs = z.object({
    jobs: z.object({ queues: z.record(z.string(), z.object({ running: z.number(), state: z.enum(['on', 'off']) })) }),
  });

  it('is told by path and reason, never by value', () => {
    const body = { jobs: { queues: { 'my queue': { running: 'canary-7f3a', state: 'canary-7f3a' } } } };

    const error = thrownBy(() => parse(JSON.stringify(body), Jobs));

    expect(error).toMatchObject({
      message:
        'GET x/: the answer has an unexpected shape: ' +
        'jobs.queues["my queue"].running: Invalid input: expected number, received string; ' +
        'jobs.queues["my queue"].state: Invalid option: expected one of "on"|"off"; check the URL, and report it if that is right',
    });
    expect(inspect(error)).not.toContain('canary');
  });

  it('is told as a whole when it is another thing altogether', () => {
    expect(() => parse('[]', Jobs)).toThrow('the whole answer: Invalid input: expected object, received array');
  });

  it('is told by three issues and the number of the others', () => {
    const List = z.array(z.number());

    const error = thrownBy(() => parse('["a","b","c","d","e"]', List));

    expect(String(error)).toMatch(/\[0\]: .*; \[1\]: .*; \[2\]: .*; and 2 more; check the URL/);
    expect(String(error)).not.toContain('[3]');
  });

  it('keeps control characters and long keys out of the message', () => {
    const key = `\u001b[31m${'k'.repeat(500)}`;

    const error = thrownBy(() => parse(JSON.stringify({ [key]: 'x' }), z.record(z.string(), z.number())));

    expect(String(error)).toContain('["\\u001b[31mkkk');
    expect(String(error).length).toBeLessThan(250);
  });
});

describe('getJson', () => {
  it('asks for JSON and gives the value with the headers', async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'Buildkite-Agent-Metrics-Poll-Duration': '10' });
      response.end('{"a":1,"unknown":2}');
    });
    await using http = testPort({ clock: () => 7 });

    const answer = await readJson(http.port, get(server.url), z.object({ a: z.number() }));

    expect(answer.value).toEqual({ a: 1 });
    expect(answer.headers['buildkite-agent-metrics-poll-duration']).toBe('10');
    expect(answer.receivedAtMs).toBe(7);
    expect(server.requests[0]?.headers['accept']).toBe('application/json');
  });
});
