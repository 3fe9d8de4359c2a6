/** Answers on their way are bounded together, however many servers send however much, and the honest ones still come. */
import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { createRoom, freeBytes, computeRoom } from '../../../lambda/http/transport/room.ts';
import { startLoopbackServer, type Respond } from '../../support/network/loopback-server.ts';
import { errorOf, get, testPort } from '../test-port.ts';

const never = new AbortController().signal;
const mebibyte = 2 ** 20;

/** Whether a promise has settled when everything that was due has run. */
async function hasSettled(promise: Promise<unknown> | undefined): Promise<boolean> {
  if (promise === undefined) return true;
  const settled = promise.then(
    () => true,
    () => true,
  );
  return await Promise.race([
    settled,
    new Promise<false>((resolve) =>
      setImmediate(() => {
        resolve(false);
      }),
    ),
  ]);
}

describe('the room', () => {
  it('is an eighth of the memory, and at least that of one answer and its copy', () => {
    expect(computeRoom(512)).toBe(64 * mebibyte);
    expect(computeRoom(1769)).toBe(Math.floor((1769 * mebibyte) / 8));
    expect(computeRoom(32)).toBe(8 * mebibyte);
    expect(computeRoom(10_240)).toBe(256 * mebibyte);
  });

  it('lets nobody take more than there is, but the first, and lets who waits go on when somebody has ended', async () => {
    const room = createRoom(1000 + freeBytes);
    const [first, second, third] = [room.open(), room.open(), room.open()];

    expect(second.take(freeBytes, never)).toBeUndefined();
    expect(second.take(1000, never)).toBeUndefined();
    const waiting = third.take(freeBytes + 1, never);
    expect(await hasSettled(waiting)).toBe(false);
    expect(first.take(5000, never)).toBeUndefined();
    expect(room.taken().now).toBe(freeBytes + 6000);

    first[Symbol.dispose]();
    // The second is the first now, and the third does not fit beside it.
    expect(await hasSettled(waiting)).toBe(false);
    expect(second.take(1_000_000, never)).toBeUndefined();
    second[Symbol.dispose]();

    expect(await hasSettled(waiting)).toBe(true);
    expect(room.taken().now).toBe(freeBytes + 1);
  });

  it('makes nobody wait for what a connection buffers anyway', () => {
    const room = createRoom(1);
    const first = room.open();
    void first.take(mebibyte, never);

    expect(room.open().take(freeBytes, never)).toBeUndefined();
    expect(room.open().take(freeBytes, never)).toBeUndefined();
  });

  it('serves those who wait in the order in which they were begun, also the ones that want little', async () => {
    const room = createRoom(3 * freeBytes);
    const [first, second, third, fourth] = [room.open(), room.open(), room.open(), room.open()];
    void first.take(2 * freeBytes, never);
    const large = third.take(3 * freeBytes, never);
    const small = fourth.take(freeBytes + 1, never);
    void second.take(freeBytes, never);
    expect([await hasSettled(large), await hasSettled(small)]).toEqual([false, false]);

    first[Symbol.dispose]();
    expect([await hasSettled(large), await hasSettled(small)]).toEqual([false, false]);
    second[Symbol.dispose]();
    expect([await hasSettled(large), await hasSettled(small)]).toEqual([true, false]);
    third[Symbol.dispose]();
    expect(await hasSettled(small)).toBe(true);
  });

  it('forgets who has given up, and gives back what he had', async () => {
    const room = createRoom(freeBytes);
    const [first, second] = [room.open(), room.open()];
    const given = new AbortController();
    void first.take(freeBytes, never);
    void second.take(freeBytes, never);
    const waiting = second.take(freeBytes, given.signal);
    given.abort(new Error('late'));

    await expect(waiting).rejects.toThrow('late');
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    first[Symbol.dispose]();

    expect(room.taken()).toEqual({ now: 0, most: 2 * freeBytes });
  });
});

const sources = 96;
const chunk = Buffer.alloc(64 * 1024, 0x20);

/** Sends without an end, as fast as it is taken. */
const endless: Respond = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const more = (): void => {
    while (!response.destroyed) {
      if (response.write(chunk)) continue;
      response.once('drain', more);
      return;
    }
  };
  more();
};

/** 16 MiB of blanks are 16 kB of gzip. */
const bombBody = gzipSync(Buffer.alloc(16 * mebibyte, 0x20));
const bomb: Respond = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bombBody);
};

function sendHonest(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"jobs":1}');
}

describe('96 hostile servers at once', () => {
  it.each([
    ['that send without an end', endless],
    ['whose few bytes become many', bomb],
  ])('%s are held to one room together, and honest answers come', async (_what, hostile) => {
    await using server = await startLoopbackServer((request, response, recorded) => {
      if (recorded.path === '/honest') sendHonest(response);
      else hostile(request, response, recorded);
    });
    const memoryMegabytes = 128;
    await using http = testPort({ memoryMegabytes, maxResponseBytes: 2 * mebibyte });
    const oneAttempt = { remainingMs: () => 0 };

    const hostiles = Array.from({ length: sources }, () =>
      errorOf(http.hub.port().send(get(`${server.url}/hostile`, oneAttempt))),
    );
    const honest = await Promise.all(
      Array.from({ length: sources }, () => http.hub.port().send(get(`${server.url}/honest`, oneAttempt))),
    );
    const errors = await Promise.all(hostiles);

    expect(honest.map(({ body }) => Buffer.from(body).toString())).toEqual(Array(sources).fill('{"jobs":1}'));
    const messages = errors.map((error) => describeHttpProblem(error, 'x')?.message);
    expect(messages).toEqual(
      Array(sources).fill(
        'the answer is larger than the limit of 2097152 bytes; check the URL, and proxies on the way',
      ),
    );
    const { most } = http.hub.answersInFlight();
    // The first of them may go beyond the room, by its own limit and its copy.
    expect(most).toBeLessThanOrEqual(computeRoom(memoryMegabytes) + 2 * 2 * mebibyte + 2 * sources * freeBytes);
    expect(most).toBeGreaterThan(2 * mebibyte);
  });

  it('give their room back, also when their runs end before they do', async () => {
    await using server = await startLoopbackServer(endless);
    await using http = testPort({ memoryMegabytes: 64, maxResponseBytes: 64 * mebibyte });
    const run = new AbortController();

    const waiting = Array.from({ length: sources }, () =>
      errorOf(http.hub.port().send(get(server.url, { signal: run.signal, remainingMs: () => 0 }))),
    );
    // The first one's limit lies far beyond the room, so all others come to wait for it.
    while (http.hub.answersInFlight().most < computeRoom(64) + mebibyte) await new Promise(setImmediate);
    run.abort(new Error('the deadline has passed'));
    const problems = (await Promise.all(waiting)).map((error) => describeHttpProblem(error, 'buildkite/main'));
    await new Promise(setImmediate);

    expect(problems.every((problem) => problem?.kind === 'timeout')).toBe(true);
    const told = problems.find((problem) => problem?.message.includes('no room') === true);
    expect(told?.message).toBe(
      'there was no room in memory for the answer before the deadline of the run: answers on their way may take 8 MiB together, an eighth of the memory; raise deployment.memoryMegabytes, or make two collectors of the sources',
    );
    expect(http.hub.answersInFlight().now).toBe(0);
  });
});
