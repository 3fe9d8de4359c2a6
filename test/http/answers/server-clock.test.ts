/** Tests of comparing the clock of the collector with the `Date` header of servers. */
import { describe, expect, it } from 'vitest';
import { measureClock, pickCloser, pickEarliest, pickFurthest } from '../../../lambda/http/answers/server-clock.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { get, testPort } from '../test-port.ts';

const noonMs = Date.UTC(2026, 10, 21, 12);
const noon = 'Sat, 21 Nov 2026 12:00:00 GMT';

function aheadSeconds(headers: Readonly<Record<string, string>>, sentAt: number, answeredAt: number) {
  const exchanged = { host: 'ci.example', sentMs: noonMs + sentAt * 1000, answeredMs: noonMs + answeredAt * 1000 };
  const reading = measureClock(headers, exchanged);
  return reading === undefined ? undefined : reading.aheadMs / 1000;
}

describe('the time that a server tells', () => {
  it.each([
    ['right, within the exchange', { date: noon }, -0.2, 0.1, 0],
    ['right, although the answer took half a minute', { date: noon }, -30, 0.5, 0],
    ['right, although it was written at once and sent late', { date: noon }, 0.9, 30, 0],
    ['behind ours, by what cannot be the way or the cut second', { date: noon }, 720, 721, 719],
    ['ahead of ours', { date: noon }, -3601, -3600, -3600],
    ['of an answer that a cache has kept for ten minutes', { date: noon, age: '600' }, 600, 600.5, 0],
  ])('is %s', (_, headers, sentAt, answeredAt, ahead) => {
    expect(aheadSeconds(headers, sentAt, answeredAt)).toBe(ahead);
  });

  it.each([
    ['is absent', {}],
    ['is no HTTP-date', { date: '2026-11-21T12:00:00Z' }],
    ['comes twice', { date: `${noon}, ${noon}` }],
    ['is no day', { date: 'Sat, 41 Nov 2026 12:00:00 GMT' }],
  ])('is not known where it %s', (_, headers) => {
    expect(aheadSeconds(headers, 720, 721)).toBeUndefined();
  });
});

describe('several readings', () => {
  const reading = (host: string, aheadMs: number) => ({ host, aheadMs, ownMs: noonMs, serverMs: noonMs - aheadMs });
  const [right, ahead, behind] = [reading('a', 0), reading('b', 90_000), reading('c', -200_000)];

  it('of one server are one: that which differs least', () => {
    expect(pickCloser(pickCloser(undefined, ahead), right)).toBe(right);
    expect(pickCloser(right, ahead)).toBe(right);
  });

  it('of several servers tell the greatest difference and the earliest time', () => {
    expect(pickFurthest([right, ahead, behind])).toBe(behind);
    expect(pickFurthest([])).toBeUndefined();
    expect(pickEarliest([right, ahead, behind])).toBe(noonMs - 90_000);
    expect(pickEarliest([])).toBeUndefined();
  });
});

describe('a port', () => {
  it('keeps one reading of each server until its meter is taken, also of an answer that is an error', async () => {
    await using server = await startLoopbackServer((_, response) => {
      response.writeHead(404, { date: noon }).end();
    });
    await using http = testPort({ clock: () => noonMs + 12 * 60_000 });
    const host = new URL(server.url).host;

    await http.port.send(get(server.url)).catch(() => undefined);
    await http.port.send(get(server.url)).catch(() => undefined);

    expect(http.port.readClocks()).toEqual([
      { host, ownMs: noonMs + 12 * 60_000, serverMs: noonMs, aheadMs: 12 * 60_000 - 1000 },
    ]);
    http.port.takeMeter();
    expect(http.port.readClocks()).toEqual([]);
  });
});
