/** After a receiver was lost, what is left of a run is counted, and no series of it is made. */
import { expect, it } from 'vitest';
import type { GaugeSample } from '../../../lambda/model/metric.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { type Answer, startRemoteWriteFake } from '../../support/backends/remote-write-fake.ts';
import { batchOf, distributionOf, gaugeOf, partOf, relayedOf } from './batches.ts';
import { remoteWriteSink } from './harness.ts';

/** A list that counts how often it was iterated. */
class Walked extends Array<GaugeSample> {
  times = 0;
  override [Symbol.iterator](): ArrayIterator<GaugeSample> {
    this.times += 1;
    return super[Symbol.iterator]();
  }
}

function walkedList(length: number): Walked {
  const list = new Walked();
  for (let index = 0; index < length; index += 1) list.push({ labels: { queue: `q${String(index)}` }, value: index });
  return list;
}

it('counts every series, histograms and those of other systems among them, and makes none', async () => {
  await using server = await startLoopbackServer((_, response) => {
    response.writeHead(503).end();
  });
  await using sink = remoteWriteSink({ url: server.url, plaintext: 'allow', seriesPerRequest: 100 });
  const [first, second] = [walkedList(100), walkedList(2000)];
  const total = { bounds: [1, 2], counts: [1, 0, 2], sum: 9, startMs: 0 };
  const families = [
    gaugeOf('a_first', first),
    gaugeOf('b_second', second),
    distributionOf('c_third', [{ labels: {}, observations: [], total }]),
  ];
  const relayed = [relayedOf('d_fourth', [{ labels: {}, value: 1 }])];

  const { problems } = await sink.write(batchOf([], { sources: [partOf(families, { relayed })] }), 2000);

  // Three buckets, a sum and a count, and the one of the other system.
  const left = 2000 + 5 + 1;
  expect(problems.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      `^100 of ${String(100 + left)} samples not stored, and ${String(left)} were not sent after that: `,
    ),
  ]);
  expect([first.times, second.times]).toEqual([1, 0]);
});

it('forgets nothing of what it did not look at: a series that vanishes later is ended then', async () => {
  let answer: Answer | undefined;
  await using receiver = await startRemoteWriteFake({ answer: () => answer });
  await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1 });
  const one = (name: string) => gaugeOf(name, [{ labels: {}, value: 1 }]);
  const both = [one('a_first'), one('b_second')];
  await sink.write(batchOf(both));
  answer = { status: 503 };
  await sink.write(batchOf(both), 2000);
  answer = undefined;
  const before = receiver.requests.length;

  await sink.write(batchOf([one('a_first')]));

  const names = receiver.requests
    .slice(before)
    .flatMap(({ decoded }) => decoded.series.flatMap(({ labels }) => labels))
    .filter(([name]) => name === '__name__')
    .map(([, value]) => value);
  expect(names).toEqual(['a_first', 'b_second']);
});
