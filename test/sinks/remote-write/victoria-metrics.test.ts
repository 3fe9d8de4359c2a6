/** Tests of the sink `remote-write` against a real VictoriaMetrics. */
import { expect, it } from 'vitest';
import { eventually } from '../../servers/process.ts';
import { withVictoriaMetrics } from '../../servers/require.ts';
import { startVictoriaMetrics } from '../../servers/victoria-metrics.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, queues } from './batches.ts';
import { remoteWriteSink } from './harness.ts';

withVictoriaMetrics('remote write to a real VictoriaMetrics', (command) => {
  it('stores gauges, counters and histograms, and ends what vanishes', async () => {
    await using server = await startVictoriaMetrics({ command });
    await using sink = remoteWriteSink({ url: `${server.url}/api/v1/write`, version: 'auto' });
    const total = { bounds: [10], counts: [1, 2], sum: 130, startMs: 0 };
    const exemplars = [{ labels: { commit: '0123456789ab' }, value: 12, timestampMs: Date.now() }];
    const steady = [
      gaugeOf('ci_up', [{ labels: { queue: 'ü"\\' }, value: 0.25 }]),
      counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 41, startMs: 0 } }]),
      distributionOf('ci_wait_seconds', [{ labels: {}, observations: [12], total, exemplars }]),
    ];

    const first = await sink.write(batchOf([...steady, queues(2)]));
    const shown = await eventually(
      () => server.query('{collector="ci"}'),
      (samples) => samples.length === 8,
    );
    const second = await sink.write(batchOf([...steady, queues(1)]));
    const left = await eventually(
      () => server.query('ci_queue_jobs'),
      (samples) => samples.length === 1,
    );

    expect(first).toMatchObject({ accepted: 8, problems: [] });
    expect(second).toMatchObject({ accepted: 7, problems: [] });
    expect(shown.find(({ labels }) => labels['__name__'] === 'ci_up')).toMatchObject({
      labels: { queue: 'ü"\\' },
      value: '0.25',
    });
    expect(shown.find(({ labels }) => labels['le'] === '+Inf')).toMatchObject({ value: '3' });
    expect(left).toMatchObject([{ labels: { queue: 'q0000' } }]);
  });
});
