/** Tests of the HTTP hub: headers, deadlines, size limits, redirects, retries and connections. */
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  BadResponseError,
  ForbiddenRequestError,
  HttpStatusError,
  HttpTimeoutError,
} from '../../lambda/http/errors/errors.ts';
import { userAgent } from '../../lambda/version.ts';
import { startLoopbackServer, type Respond } from '../support/network/loopback-server.ts';
import { anyNumber, containing, errorOf, get, matching, testPort } from './test-port.ts';

function answer(
  status: number,
  headers: Record<string, string | string[]> = {},
  body: Uint8Array | string = '',
): Respond {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

describe('a request', () => {
  it('says who it is, asks for gzip and carries its own headers', async () => {
    await using server = await startLoopbackServer(answer(200));
    await using http = testPort();

    await http.port.send(get(`${server.url}/a%20b?q=%C3%A9`, { headers: { 'X-Scope-OrgID': 'team' } }));

    const [seen] = server.requests;
    expect(seen?.path).toBe('/a%20b?q=%C3%A9');
    expect(seen?.headers).toMatchObject({
      'user-agent': userAgent,
      'accept-encoding': 'gzip',
      'x-scope-orgid': 'team',
    });
  });

  it('may name another user agent', async () => {
    await using server = await startLoopbackServer(answer(200));
    await using http = testPort();

    await http.port.send(get(server.url, { headers: { 'User-Agent': 'mine' } }));

    expect(server.requests[0]?.headers['user-agent']).toBe('mine');
  });

  it('with a line break in a header is refused before it is sent, without its value', async () => {
    await using server = await startLoopbackServer(answer(200));
    await using http = testPort();

    const error = await errorOf(
      http.port.send(get(server.url, { headers: { authorization: 'Token canary-7f3a\r\nX-Evil: 1' } })),
    );

    expect(error).toBeInstanceOf(ForbiddenRequestError);
    expect(inspect(error)).not.toContain('canary');
    expect(server.requests).toEqual([]);
  });

  it('is not sent after the deadline', async () => {
    await using server = await startLoopbackServer(answer(200));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url, { signal: AbortSignal.abort() })));

    expect(error).toBeInstanceOf(HttpTimeoutError);
    expect(server.connections()).toBe(0);
  });

  it('ends with the deadline, whatever the reason of the abort is', async () => {
    await using server = await startLoopbackServer(() => undefined);
    await using http = testPort();
    const deadline = new AbortController();
    const sending = http.port.send(get(server.url, { signal: deadline.signal }));
    await expect.poll(() => server.requests.length).toBe(1);

    deadline.abort('any reason');

    expect(await errorOf(sending)).toMatchObject({
      name: 'HttpTimeoutError',
      message: containing('before the deadline of the run'),
    });
  });

  it('gives up on a server that does not accept connections in time', async () => {
    // Reserved for documentation (RFC 5737): packets to it vanish, or the machine has no route.
    await using http = testPort({ timeouts: { connectMs: 100 } });

    const error = await errorOf(http.port.send(get('http://192.0.2.1/', { remainingMs: () => 0 })));

    expect(error).toMatchObject({ name: 'HttpConnectionError' });
  });
});

describe('connections', () => {
  it('are kept for the next request to the same origin, from another port of the hub too', async () => {
    await using server = await startLoopbackServer(answer(200, {}, 'fine'));
    await using http = testPort();

    await http.port.send(get(server.url));
    await setImmediate();
    await http.port.send(get(server.url));
    await setImmediate();
    await http.hub.port().send(get(server.url));

    expect(server.requests).toHaveLength(3);
    expect(server.connections()).toBe(1);
  });

  it('are closed with the hub', async () => {
    await using server = await startLoopbackServer(answer(200));
    const { hub, port } = testPort();
    await port.send(get(server.url));
    expect(server.openConnections()).toBe(1);

    await hub.close();

    await expect.poll(() => server.openConnections()).toBe(0);
  });

  it('of certificates that were rotated away are closed', async () => {
    await using server = await startLoopbackServer(answer(200));
    await using http = testPort();

    for (let version = 0; version < 40; version += 1) {
      await http.port.send(get(server.url, { tls: { ca: `CA ${String(version)}` } }));
    }

    expect(server.requests).toHaveLength(40);
    await expect.poll(() => server.openConnections()).toBe(32);
  });
});

describe('an answer', () => {
  it('is handed over with its headers, repeated ones joined', async () => {
    await using server = await startLoopbackServer(answer(201, { 'X-Many': ['a', 'b'] }, 'body'));
    await using http = testPort({ clock: () => 42 });

    const response = await http.port.send(get(server.url));

    expect(response).toMatchObject({ status: 201, receivedAtMs: 42 });
    expect(response.headers['x-many']).toBe('a, b');
    expect(text(response.body)).toBe('body');
  });

  it.each(['gzip', 'x-gzip', 'GZIP'])('is decompressed when it is %s', async (encoding) => {
    await using server = await startLoopbackServer(answer(200, { 'content-encoding': encoding }, gzipSync('{"a":1}')));
    await using http = testPort();

    const response = await http.port.send(get(server.url));

    expect(text(response.body)).toBe('{"a":1}');
  });

  it.each([
    ['cut-off gzip', 'gzip', gzipSync('x'.repeat(1000)).subarray(0, 20), /damaged or cut off/],
    ['what is no gzip', 'gzip', Buffer.from('plain'), /damaged or cut off/],
    ['another compression', 'br', Buffer.from('plain'), /another way than gzip/],
  ])('is refused for %s', async (_what, encoding, body, message) => {
    await using server = await startLoopbackServer(answer(200, { 'content-encoding': encoding }, body));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(error).toBeInstanceOf(BadResponseError);
    expect(String(error)).toMatch(message);
  });

  it.each([
    ['as it is', {}, Buffer.alloc(101), Buffer.alloc(100)],
    ['decompressed', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(101)), gzipSync(Buffer.alloc(100))],
  ])('may have the limit and not a byte more, %s', async (_how, headers, over, at) => {
    await using tooLarge = await startLoopbackServer(answer(200, headers, over));
    await using fitting = await startLoopbackServer(answer(200, headers, at));
    await using http = testPort({ maxResponseBytes: 100 });

    const error = await errorOf(http.port.send(get(tooLarge.url)));
    const response = await http.port.send(get(fitting.url));

    expect(error).toMatchObject({ message: containing('larger than the limit of 100 bytes') });
    expect(response.body.byteLength).toBe(100);
  });

  it.each([
    ['the limit of a page in a small process', 128, 4],
    ['a sixty-fourth of the memory in a larger one', 512, 8],
  ])('without pages may have %s', async (_what, memoryMegabytes, megabytes) => {
    const limit = megabytes * 2 ** 20;
    await using tooLarge = await startLoopbackServer(answer(200, {}, Buffer.alloc(limit + 1)));
    await using fitting = await startLoopbackServer(answer(200, {}, Buffer.alloc(limit)));
    await using http = testPort({ memoryMegabytes });
    const wanted = { maxResponseBytes: 'as memory allows' } as const;

    const error = await errorOf(http.port.send(get(tooLarge.url, wanted)));
    const response = await http.port.send(get(fitting.url, wanted));

    expect(error).toMatchObject({
      message: containing(
        `larger than the limit of ${String(limit)} bytes; that is what a memory of ${String(memoryMegabytes)} MB can parse; raise deployment.memoryMegabytes (each MB allows 16384 bytes more)`,
      ),
    });
    expect(response.body.byteLength).toBe(limit);
  });

  it.each([
    ['no longer comes', 200, { 'content-length': '10' }],
    ['is a failure that no longer comes', 500, { 'content-length': '10' }],
  ])('that %s is given up', async (_what, status, headers) => {
    await using server = await startLoopbackServer((_request, response) => {
      response.writeHead(status, headers);
      response.write('half');
    });
    await using http = testPort({ timeouts: { bodyMs: 100 } });

    const error = await errorOf(http.port.send(get(server.url, { remainingMs: () => 0 })));

    expect(error).toBeInstanceOf(status === 200 ? HttpTimeoutError : HttpStatusError);
  });

  it.each([
    ['has too large headers', { 'x-large': 'x'.repeat(20_000) }, /headers of the answer are too large/],
    ['redirects nowhere', { location: 'http://[' }, /not a URL/],
  ])('that %s is a bad response', async (_what, headers, message) => {
    await using server = await startLoopbackServer(answer(302, headers));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(error).toBeInstanceOf(BadResponseError);
    expect(String(error)).toMatch(message);
  });

  it('that is not HTTP is a bad response', async () => {
    await using server = await startLoopbackServer((request) => {
      request.socket.end('SSH-2.0-canary-7f3a\r\n');
    });
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(error).toBeInstanceOf(BadResponseError);
    expect(inspect(error)).not.toContain('canary');
  });
});

describe('a failure', () => {
  it('carries status, headers and the first printable words', async () => {
    const body = `{"message":"no\u0000\u001b[31m such\n\tqueue"}${'x'.repeat(5000)}`;
    await using server = await startLoopbackServer(answer(422, { 'x-request-id': '7' }, body));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(error).toMatchObject({ status: 422, headers: { 'x-request-id': '7' } });
    expect(error).toHaveProperty('excerpt', matching(/^\{"message":"no \[31m such queue"\}x+$/));
    expect(error).toHaveProperty('excerpt.length', 1024);
  });

  it('tells its words when it is compressed', async () => {
    await using server = await startLoopbackServer(
      answer(400, { 'content-encoding': 'gzip' }, gzipSync('out of order')),
    );
    await using http = testPort();

    expect(await errorOf(http.port.send(get(server.url)))).toHaveProperty('excerpt', 'out of order');
  });

  it.each([
    ['a bomb', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(1e8))],
    ['no gzip', { 'content-encoding': 'gzip' }, Buffer.from('plain')],
  ])('keeps its status when its body is %s', async (_what, headers, body) => {
    await using server = await startLoopbackServer(answer(400, headers, body));
    await using http = testPort();

    expect(await errorOf(http.port.send(get(server.url)))).toMatchObject({ status: 400, excerpt: '' });
  });
});

describe('a redirect', () => {
  const to = (location: string, status = 302): Respond => answer(status, { location });

  it.each([301, 302, 303, 307, 308])('%i within the origin is followed with all headers', async (status) => {
    await using server = await startLoopbackServer((request, response, recorded) => {
      (recorded.path === '/new?a=1' ? answer(200, {}, 'there') : to('/new?a=1', status))(request, response, recorded);
    });
    await using http = testPort();

    const response = await http.port.send(get(`${server.url}/old`, { headers: { authorization: 'Token t' } }));

    expect(text(response.body)).toBe('there');
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual(['Token t', 'Token t']);
  });

  it('in a circle ends after three', async () => {
    await using server = await startLoopbackServer(to('/again'));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url)));

    expect(error).toMatchObject({ message: containing('more than 3 redirects') });
    expect(server.requests).toHaveLength(4);
  });

  it.each(['POST', 'PUT', 'DELETE'] as const)('of a %s is not followed', async (method) => {
    await using server = await startLoopbackServer(to('/elsewhere?token=canary-7f3a'));
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url, { method })));

    expect(error).toMatchObject({
      name: 'BadResponseError',
      message: containing(
        `redirects to ${server.url}/elsewhere, and a ${method} is not redirected; change the URL in the configuration`,
      ),
    });
    expect(String(error)).not.toContain('canary');
    expect(server.requests).toHaveLength(1);
  });

  it.each(['https://127.0.0.1/', 'http://127.0.0.1:1/', 'http://user:pw@example.com/', '//example.com/', 'ftp://x/'])(
    'to %s is not followed',
    async (location) => {
      await using server = await startLoopbackServer(to(location));
      await using http = testPort();

      const error = await errorOf(http.port.send(get(server.url)));

      expect(error).toMatchObject({ message: containing('redirects to another origin') });
      expect(String(error)).not.toContain('pw');
    },
  );

  it('that does not say where is a failure', async () => {
    await using server = await startLoopbackServer(answer(302));
    await using http = testPort();

    expect(await errorOf(http.port.send(get(server.url)))).toMatchObject({ name: 'HttpStatusError', status: 302 });
  });
});

describe('the meter', () => {
  it('counts attempts by class, bytes and the scarcest rate limit, and starts anew', async () => {
    const quota = (remaining: string): Record<string, string> => ({
      'ratelimit-remaining': remaining,
      'ratelimit-limit': '200',
    });
    const answers = [
      answer(503, quota('9')),
      answer(200, quota('7'), 'fine'),
      answer(404, quota('8'), 'nope'),
      (request: Parameters<Respond>[0]) => request.socket.resetAndDestroy(),
    ];
    await using server = await startLoopbackServer((...args) => answers.shift()?.(...args));
    await using http = testPort();

    await http.port.send(get(server.url, { method: 'PUT', body: '12345' }));
    await errorOf(http.port.send(get(server.url)));
    await errorOf(http.port.send(get(server.url, { remainingMs: () => 0 })));
    const meter = http.port.takeMeter();

    expect(Object.fromEntries(meter.attempts)).toEqual({ '2xx': 1, '4xx': 1, '5xx': 1, none: 1 });
    expect(meter).toMatchObject({ bytesSent: 10, bytesReceived: 8, rateLimit: { remaining: 7, limit: 200 } });
    expect(http.port.takeMeter()).toEqual({ attempts: new Map(), bytesSent: 0, bytesReceived: 0 });
  });

  it('counts, repeats and throws what a protocol refuses within a 2xx answer like the status that means the same', async () => {
    const replies = [answer(200, {}, 'busy'), answer(200, {}, 'who are you')];
    await using server = await startLoopbackServer((...args) => replies.shift()?.(...args));
    await using http = testPort();
    const statuses: Readonly<Record<string, number>> = { busy: 503, 'who are you': 401 };

    const error = await errorOf(
      http.port.send(
        get(server.url, {
          findHiddenRefusal: ({ body }) => {
            const excerpt = Buffer.from(body).toString();
            const status = statuses[excerpt];
            return status === undefined ? undefined : { status, excerpt, headers: { 'x-told': excerpt } };
          },
        }),
      ),
    );

    expect(error).toMatchObject({ status: 401, excerpt: 'who are you', headers: { 'x-told': 'who are you' } });
    expect(Object.fromEntries(http.port.takeMeter().attempts)).toEqual({ '4xx': 1, '5xx': 1 });
  });

  it('counts each port apart', async () => {
    await using server = await startLoopbackServer(answer(200));
    await using http = testPort();
    const other = http.hub.port();

    await http.port.send(get(server.url));

    expect(other.takeMeter().attempts.size).toBe(0);
    expect(http.port.takeMeter().attempts.get('2xx')).toBe(1);
  });
});

describe('the log', () => {
  it('has one line an attempt, with neither query nor header', async () => {
    await using server = await startLoopbackServer(answer(403));
    await using http = testPort();

    await errorOf(
      http.port.send(get(`${server.url}/v3/metrics?token=canary-7f3a`, { headers: { authorization: 'canary-7f3a' } })),
    );

    expect(http.log.lines).toEqual([
      {
        level: 'debug',
        message: 'http request',
        fields: {
          request: `GET 127.0.0.1:${String(server.port)}/v3/metrics`,
          attempt: 0,
          ms: anyNumber,
          status: 403,
        },
      },
    ]);
  });
});
