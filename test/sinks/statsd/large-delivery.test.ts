/** A delivery of 100,000 series makes its lines while it sends, so that they are never in memory together. */
import { setFlagsFromString } from 'node:v8';
import { createContext, runInContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge, type GaugeSample } from '../../../lambda/model/metric.ts';
import { batch, part } from '../cloudwatch/batches.ts';
import { startUdpServer, statsdSink } from './harness.ts';

const series = 100_000;

/** `onRead` is told of each level when it is read, with its number from 0. */
function manyLevels(onRead: (index: number) => void): Batch {
  const samples = Array.from({ length: series }, (_, index): GaugeSample => {
    const queue = `queue-${String(index).padStart(6, '0')}`;
    return {
      labels: { system: 'buildkite', source: 'main', scope: 'Linux', queue, state: 'queued' },
      get value() {
        onRead(index);
        return 1;
      },
    };
  });
  return batch([part([buildGauge(queueJobs, samples)])]);
}

it('reads on only as far as the next datagram', async () => {
  await using server = await startUdpServer();
  let read = 0;
  let readAtFirst = 0;
  server.onDatagram(() => {
    if (readAtFirst === 0) readAtFirst = read;
  });

  const delivery = await statsdSink({ port: server.port }).write(
    manyLevels(() => {
      read += 1;
    }),
  );

  expect(delivery).toMatchObject({ accepted: series, problems: [] });
  expect(readAtFirst).toBeGreaterThan(0);
  // A datagram of 1,432 bytes holds some 20 of them, and a few may leave before the first is heard of.
  expect(readAtFirst).toBeLessThan(1000);
});

it('ends where its run is interrupted', async () => {
  await using server = await startUdpServer();
  const interrupting = new AbortController();
  server.onDatagram(() => {
    interrupting.abort(new DOMException('interrupted', 'AbortError'));
  });

  const delivery = await statsdSink({ port: server.port }).write(
    manyLevels(() => undefined),
    interrupting.signal,
  );

  expect(delivery.accepted).toBeGreaterThan(0);
  expect(delivery.accepted).toBeLessThan(1000);
  expect(delivery.problems).toMatchObject([
    {
      kind: 'timeout',
      message: expect.stringMatching(
        /^99\d{3} lines were not sent; the run was interrupted; start the run again$/,
      ) as unknown,
    },
  ]);
});

it('holds no more of a series that was sent than its name', async () => {
  setFlagsFromString('--expose-gc');
  const context = createContext({});
  const measureHeap = (): number => {
    runInContext('gc()', context);
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  await using server = await startUdpServer();
  let [first, last] = [0, 0];
  const given = manyLevels((index) => {
    if (index === 0) first = measureHeap();
    if (index === series - 1) last = measureHeap();
  });

  await statsdSink({ port: server.port }).write(given);

  const perSeries = (last - first) / series;
  // 110 on Node 24; with its line, too, it would be 270.
  expect(perSeries).toBeLessThan(200);
});
