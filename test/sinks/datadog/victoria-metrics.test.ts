/** Tests of the sink `datadog` against the Datadog API of a real VictoriaMetrics. */
import { expect, it } from 'vitest';
import { eventually } from '../../servers/process.ts';
import { withVictoriaMetrics151 } from '../../servers/require.ts';
import { startVictoriaMetrics } from '../../servers/victoria-metrics.ts';
import { batchOf, counterOf, distributionOf, gaugeOf } from '../remote-write/batches.ts';
import { datadogSink } from './harness.ts';

withVictoriaMetrics151('the API of Datadog at a real VictoriaMetrics', (command) => {
  it('stores levels and counts with tags and hosts, and has no distributions', async () => {
    await using server = await startVictoriaMetrics({ command });
    await using sink = datadogSink({
      url: `${server.url}/datadog`,
      resources: { host: 'farm' },
      tags: { env: 'prod' },
    });
    const levels = [
      gaugeOf('ci_queue_jobs', [
        { labels: { queue: 'Größe 1' }, value: 5 },
        { labels: { queue: 'b' }, value: 0.25 },
      ]),
      counterOf('ci_jobs_total', [{ labels: { queue: 'b' }, increase: 3 }]),
    ];

    const stored = await sink.write(batchOf(levels));
    const shown = await eventually(
      () => server.query('{env="prod"}'),
      (samples) => samples.length === 3,
    );
    const refused = await sink.write(batchOf([distributionOf('ci_wait_seconds', [{ labels: {}, observations: [1] }])]));

    expect(stored).toMatchObject({ accepted: 3, problems: [] });
    const common = { env: 'prod', collector: 'ci', host: 'farm' };
    expect(
      shown.map(({ labels, value }) => ({ labels, value })).sort((a, b) => Number(a.value) - Number(b.value)),
    ).toEqual([
      { labels: { ...common, __name__: 'ci_queue_jobs', queue: 'b' }, value: '0.25' },
      { labels: { ...common, __name__: 'ci_jobs_total', queue: 'b' }, value: '3' },
      { labels: { ...common, __name__: 'ci_queue_jobs', queue: 'größe_1' }, value: '5' },
    ]);
    expect(refused).toMatchObject({ accepted: 0, problems: [{}] });
  });
});
