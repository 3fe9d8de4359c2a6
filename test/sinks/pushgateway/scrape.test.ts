/** Tests of what a real Prometheus scrapes from a real Pushgateway that the collector pushes to. */
import { expect, it } from 'vitest';
import { eventually } from '../../servers/process.ts';
import { startPrometheus } from '../../servers/prometheus.ts';
import { startPushgateway } from '../../servers/pushgateway.ts';
import { withPrometheus, withPushgateway } from '../../servers/require.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf } from '../remote-write/batches.ts';
import { pushgatewaySink } from './harness.ts';

withPushgateway('a Pushgateway', (gatewayCommand) => {
  withPrometheus('that a Prometheus scrapes with honor_labels', (scraper) => {
    it('shows every series with the labels of its group, and loses what is gone', async () => {
      await using gateway = await startPushgateway({ command: gatewayCommand });
      const config = {
        scrape_configs: [
          {
            job_name: 'pushgateway',
            honor_labels: true,
            scrape_interval: '200ms',
            scrape_timeout: '200ms',
            static_configs: [{ targets: [new URL(gateway.url).host] }],
          },
        ],
      };
      await using prometheus = await startPrometheus({ command: scraper, config: JSON.stringify(config) });
      await using sink = pushgatewaySink({ url: gateway.url, grouping: { env: 'prod' } }, 'ci-eu');
      const total = { bounds: [10, 60], counts: [1, 2, 1], sum: 130, startMs: 0 };
      const jobs = (source: string, value: number) =>
        partOf([gaugeOf('ci_queue_jobs', [{ labels: { source, queue: 'a "b"\\\n' }, value }])], { source });
      const rest = partOf([
        counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 41, startMs: 0 } }]),
        distributionOf('ci_wait_seconds', [{ labels: {}, observations: [], total }]),
        gaugeOf('ci_unknown', [{ labels: {}, value: NaN }]),
      ]);
      const query = (promql: string) => prometheus.query(promql);

      await sink.write(batchOf([], { sources: [jobs('one', 3), jobs('two', 0.25), { ...rest, source: 'three' }] }));
      const scraped = await eventually(
        () => query('sort(ci_queue_jobs)'),
        (found) => found.length === 2,
      );

      const common = { __name__: 'ci_queue_jobs', job: 'ci-eu', env: 'prod', queue: 'a "b"\\\n' };
      expect(scraped).toMatchObject([
        { labels: { ...common, source: 'two' }, value: '0.25' },
        { labels: { ...common, source: 'one' }, value: '3' },
      ]);
      expect(await query('ci_jobs_total{source="three"}')).toMatchObject([{ value: '41' }]);
      expect(await query('histogram_quantile(0.5, ci_wait_seconds_bucket)')).toMatchObject([{ value: '35' }]);
      expect(await query('ci_unknown')).toMatchObject([{ value: 'NaN' }]);

      await sink.write(batchOf([], { sources: [jobs('one', 4), partOf([], { source: 'two', status: 'failed' })] }));
      const afterwards = await eventually(
        () => query('ci_queue_jobs'),
        (found) => found.length === 1 && found[0]?.value === '4',
      );

      expect(afterwards).toMatchObject([{ labels: { source: 'one' } }]);
      // The failed source is still there by the time of its last push; the removed one is gone at the next scrape.
      const pushed = await eventually(
        () => query('time() - push_time_seconds{source!=""} < 60'),
        (found) => found.length === 2,
      );
      expect(pushed.map(({ labels }) => labels['source']).sort()).toEqual(['one', 'two']);
    });
  });
});
