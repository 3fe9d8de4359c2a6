/** Tests of what the sink `remote-write` remembers of a receiver's series, and of the stale markers that it sends. */
import { describe, expect, it } from 'vitest';
import { createReceiverMemory, maxRemembered } from '../../../lambda/series/receiver-memory.ts';
import { metadataEveryMs } from '../../../lambda/sinks/remote-write/limits.ts';
import { type Series, type SeriesFamily, createStaleMarker } from '../../../lambda/sinks/remote-write/encode/series.ts';
import { staleBits } from '../../support/backends/remote-write-decode.ts';
import {
  type FakeReceiver,
  type RecordedRequest,
  startRemoteWriteFake,
} from '../../support/backends/remote-write-fake.ts';
import { batchOf, gaugeOf, partOf, queues } from './batches.ts';
import { remoteWriteSink } from './harness.ts';

/** The queues whose series a request ends. */
function endedIn({ decoded }: RecordedRequest): readonly string[] {
  return decoded.series
    .filter(({ samples }) => samples.every(({ bits }) => bits === staleBits))
    .map(({ labels }) => labels.find(([name]) => name === 'queue')?.[1] ?? '');
}

function endedSince({ requests }: FakeReceiver, index: number): readonly string[] {
  return requests.slice(index).flatMap(endedIn);
}

describe.each(['1.0', '2.0'])('stale markers in %s', (version) => {
  it('carry all labels of the series and the time of the run, and travel apart from live samples', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, version, labels: { env: 'test' } });
    await sink.write(batchOf([queues(5)]));
    const batch = batchOf([queues(2)], { collectedAtMs: Date.now() + 1000 });

    const delivery = await sink.write(batch);

    const markers = receiver.requests.filter((request) => endedIn(request).length > 0);
    expect(markers).toHaveLength(1);
    expect(markers.flatMap(endedIn)).toEqual(['q0002', 'q0003', 'q0004']);
    expect(markers[0]?.decoded.series).toHaveLength(3);
    expect(markers[0]?.decoded.series[0]).toMatchObject({
      labels: [
        ['__name__', 'ci_queue_jobs'],
        ['collector', 'ci'],
        ['env', 'test'],
        ['queue', 'q0002'],
      ],
      samples: [{ timestampMs: batch.collectedAtMs }],
    });
    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    expect(receiver.faults).toEqual([]);
  });

  it('are sent once', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, version });
    await sink.write(batchOf([queues(2)]));
    await sink.write(batchOf([queues(1)]));
    const sent = receiver.requests.length;

    await sink.write(batchOf([queues(1)]));

    expect(endedSince(receiver, sent)).toEqual([]);
  });
});

describe('what another run publishes for the same tick', () => {
  it('is not ended, nor forgotten: its end is told by the next run that sees all', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url });
    const second = partOf([queues(2, 'ci_other')], { source: 'second' });
    await sink.write(batchOf([], { sources: [partOf([queues(2)]), second] }));
    const sent = receiver.requests.length;

    await sink.write(batchOf([], { sources: [partOf([], { status: 'skipped' }), second] }));
    const whileSkipped = endedSince(receiver, sent);
    await sink.write(batchOf([], { sources: [partOf([queues(1)]), second] }));

    expect(whileSkipped).toEqual([]);
    expect(endedSince(receiver, sent)).toEqual(['q0001']);
  });
});

describe('what a receiver may still hold', () => {
  it('is ended after a delivery that nobody can judge', async () => {
    const state = { isDown: true };
    await using receiver = await startRemoteWriteFake({
      answer: () => (state.isDown ? { status: 503 } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });
    await sink.write(batchOf([queues(2)]));
    state.isDown = false;
    const sent = receiver.requests.length;

    await sink.write(batchOf([queues(1)]));

    expect(endedSince(receiver, sent)).toEqual(['q0001']);
  });

  it('is not what a receiver has refused', async () => {
    const state = { isRefusing: true };
    await using receiver = await startRemoteWriteFake({
      answer: () => (state.isRefusing ? { status: 403 } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });
    await sink.write(batchOf([queues(2)]));
    state.isRefusing = false;

    await sink.write(batchOf([queues(1)]));

    expect(endedSince(receiver, 0)).toEqual([]);
  });

  it('survives a failed run: the marker comes with the next good one', async () => {
    const state = { isDown: false };
    await using receiver = await startRemoteWriteFake({ answer: () => (state.isDown ? { status: 503 } : undefined) });
    await using sink = remoteWriteSink({ url: receiver.url });
    await sink.write(batchOf([queues(3)]));
    state.isDown = true;
    await sink.write(batchOf([queues(1)]));
    state.isDown = false;
    const sent = receiver.requests.length;

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(endedSince(receiver, sent)).toEqual(['q0001', 'q0002']);
    expect(delivery.problems).toEqual([]);
  });

  it('is given up when its marker itself is refused, and live samples do not suffer', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: (request) => (endedIn(request).length > 0 ? { status: 400, body: 'out of order sample' } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });
    await sink.write(batchOf([queues(2)]));

    const refused = await sink.write(batchOf([queues(1)]));
    const sent = receiver.requests.length;
    const next = await sink.write(batchOf([queues(1)]));

    expect(refused).toMatchObject({ accepted: 1, problems: [{ kind: 'rejected' }] });
    expect(endedSince(receiver, sent)).toEqual([]);
    expect(next.problems).toEqual([]);
  });

  it('is forgotten by a new process, which knows nothing', async () => {
    await using receiver = await startRemoteWriteFake();
    await using before = remoteWriteSink({ url: receiver.url });
    await using after = remoteWriteSink({ url: receiver.url });
    await before.write(batchOf([queues(2)]));

    await after.write(batchOf([queues(1)]));

    expect(endedSince(receiver, 0)).toEqual([]);
  });

  it('includes every series of a source that has failed', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url });
    const up = gaugeOf('ci_collector_source_up', [{ labels: {}, value: 0 }]);
    await sink.write(batchOf([queues(2)], { health: [up] }));
    const sent = receiver.requests.length;

    const failed = partOf([queues(2)], { status: 'failed' });
    const delivery = await sink.write(batchOf([], { sources: [failed], health: [up] }));

    expect(endedSince(receiver, sent)).toEqual(['q0000', 'q0001']);
    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
  });

  it('is bounded', () => {
    const memory = createReceiverMemory<SeriesFamily, Series>({ dated: false, markerOf: createStaleMarker });
    const family = { name: 'ci_x', type: 'gauge', help: '', unit: '' } as const;
    const series = Array.from({ length: maxRemembered + 10 }, (_, index): Series => {
      const labels = ['__name__', 'ci_x', 'queue', String(index).padStart(6, '0')];
      return { labels, family, value: 1, startMs: undefined, isStale: false };
    });
    const run = memory.startRun();

    run.recognise({ name: 'ci_x', series });
    run.note({ series, reception: { outcome: 'stored' } });
    run.commit();

    expect(memory.startRun().collectMarkers()).toHaveLength(maxRemembered);
  });
});

describe('the timestamp of a run', () => {
  it('is the time of the batch, and one millisecond later when that has been used', () => {
    const { nextTimestamp } = createReceiverMemory<SeriesFamily, Series>({ dated: false, markerOf: createStaleMarker });

    expect([1_000_000, 1_000_000, 999_000, 1_000_002, 1_000_003].map(nextTimestamp)).toEqual([
      1_000_000, 1_000_001, 1_000_002, 1_000_003, 1_000_004,
    ]);
  });

  it('follows a clock that was set back by hours, or nothing would be stored until then', () => {
    const { nextTimestamp } = createReceiverMemory<SeriesFamily, Series>({ dated: false, markerOf: createStaleMarker });
    nextTimestamp(100_000_000);

    expect(nextTimestamp(50_000_000)).toBe(50_000_000);
  });
});

describe('metadata in 1.0', () => {
  const metadataIn = ({ requests }: FakeReceiver): readonly RecordedRequest[] =>
    requests.filter(({ decoded }) => decoded.metadata.length > 0);

  it('comes in a request of its own, with the first run and then every few minutes', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url });
    const collectedAtMs = Date.now();

    await sink.write(batchOf([queues(1)], { collectedAtMs }));
    await sink.write(batchOf([queues(1)], { collectedAtMs: collectedAtMs + metadataEveryMs - 1 }));
    await sink.write(batchOf([queues(1)], { collectedAtMs: collectedAtMs + metadataEveryMs }));

    expect(receiver.requests.map(({ decoded }) => decoded.metadata.length)).toEqual([0, 1, 0, 0, 1]);
    expect(metadataIn(receiver)[0]?.decoded).toMatchObject({
      series: [],
      metadata: [{ type: 'GAUGE', name: 'ci_queue_jobs', help: 'Help of ci_queue_jobs.' }],
    });
  });

  it('holds at most 2000 metrics a request', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url });
    const families = Array.from({ length: 2001 }, (_, index) => queues(1, `ci_m${String(index)}`));

    await sink.write(batchOf(families));

    expect(metadataIn(receiver).map(({ decoded }) => decoded.metadata.length)).toEqual([2000, 1]);
  });

  it('that a receiver refuses is not sent again, and is no problem of the run', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: ({ decoded }) => (decoded.metadata.length > 0 ? { status: 400, body: 'metadata?' } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url });
    const collectedAtMs = Date.now();

    const first = await sink.write(batchOf([queues(1)], { collectedAtMs }));
    await sink.write(batchOf([queues(1)], { collectedAtMs: collectedAtMs + 2 * metadataEveryMs }));

    expect(first).toMatchObject({ accepted: 1, problems: [] });
    expect(metadataIn(receiver)).toHaveLength(1);
    expect(sink.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'the receiver did not take metadata' }),
    );
  });
});
