/** What a real OpenTelemetry Collector makes of traces. */
import { expect, it } from 'vitest';
import { startOtelCollector } from '../../servers/otel-collector.ts';
import { eventually } from '../../servers/process.ts';
import { withOtelCollector } from '../../servers/require.ts';
import { spanRecord, spansIn, tracesFromJson } from '../../support/backends/otlp-trace-decode.ts';
import type { Span } from '../../../lambda/model/span.ts';
import { batchOf, partOf } from '../remote-write/batches.ts';
import { otlpSink } from './harness.ts';

const endMs = Date.UTC(2026, 5, 1, 12);
const run: Span = {
  ...{ is: 'run', run: 'build-1', pipeline: 'web', scope: 'acme', result: 'failure', commit: 'abc', waitSeconds: 1.5 },
  ...{ startMs: endMs - 60_000, endMs },
};
const job: Span = {
  ...{ is: 'job', run: 'build-1', id: 'job-1', name: 'Test', scope: 'Linux', queue: 'large', result: 'success' },
  ...{ startMs: endMs - 30_000, endMs: endMs - 5000 },
};

withOtelCollector('traces to a real OpenTelemetry Collector', () => {
  it.each([
    { encoding: 'protobuf', compression: 'gzip' },
    { encoding: 'json', compression: 'none' },
  ])('arrive as they were sent, in $encoding with $compression', async (settings) => {
    await using collector = await startOtelCollector();
    await using sink = otlpSink({ url: collector.url, traces: 'finished-runs', ...settings });
    const part = partOf([], { system: 'buildkite', source: 'main', spans: [run, job] });

    const delivery = await sink.write(batchOf([], { sources: [part] }));
    const lines = await eventually(collector.received, (received) => received.length === 1);

    expect(delivery).toMatchObject({ accepted: 2, requests: 1, problems: [] });
    const [root, child] = lines.flatMap((line) => spansIn(tracesFromJson(line)));
    expect(root).toMatchObject({
      ...{ traceId: 'f1c2cde38f4f432c60a0baf87cd5ed1a', spanId: '8b1c5c308e4677c6', name: 'RUN web', kind: 2 },
      ...{ endTimeUnixNano: `${String(endMs)}000000`, status: { code: 2 } },
    });
    expect(root && spanRecord(root)).toMatchObject({ 'vcs.ref.head.revision': 'abc', 'ci.run.wait': 1.5 });
    expect(child).toMatchObject({ traceId: root?.traceId, parentSpanId: root?.spanId, name: 'Test', kind: 1 });
    expect(child && spanRecord(child)).toMatchObject({ 'ci.queue.name': 'large' });
  });
});
