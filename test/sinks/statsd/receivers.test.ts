/** What real receivers of StatsD make of what is sent to them, in both dialects. */
import { describe, expect, it } from 'vitest';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildCounter, buildDistribution, buildGauge } from '../../../lambda/model/metric.ts';
import { jobsFinished, jobWait } from '../../../lambda/model/catalogue/job-metrics.ts';
import { withStatsdExporter } from '../../servers/require.ts';
import { startStatsd, startStatsdExporter } from '../../servers/statsd.ts';
import { answer, batch, part, vendorFamilies } from '../cloudwatch/batches.ts';
import { statsdSink } from './harness.ts';

const labels = { system: 'buildkite', source: 'main', scope: 'Linux', queue: 'web.app' };

/** A level that falls below 0 and one that stands above it, an increase, two observations, and a queue of Buildkite's tool. */
const given = batch([
  part([
    buildGauge(queueJobs, [
      { labels: { ...labels, state: 'queued' }, value: 5 },
      { labels: { ...labels, state: 'running' }, value: -2.5 },
    ]),
    buildCounter(jobsFinished, [{ labels: { ...labels, result: 'success' }, increase: 3 }]),
    buildDistribution(jobWait, [{ labels, observations: [0.07, 12] }]),
    ...vendorFamilies([answer({ total: {}, queues: { default: { scheduled: 4 } } })]),
  ]),
]);

describe('the original StatsD', () => {
  it('keeps levels as they are however often they come, and adds up increases', async () => {
    await using server = await startStatsd();
    const sink = statsdSink({ port: server.port, compat: true });

    await sink.write(given);
    await sink.write(given);

    const path = 'buildkite.main.Linux.web_app';
    await expect.poll(() => server.kept('counters')).toMatchObject({ [`ci_jobs_total.${path}.success`]: [6] });
    expect(await server.kept('gauges')).toMatchObject({
      [`ci_queue_jobs.${path}.queued`]: [5],
      [`ci_queue_jobs.${path}.running`]: [-2.5],
      'buildkite.clusters.Cluster_A.queues.default.ScheduledJobsCount': [4],
    });
    expect(await server.kept('timers')).toMatchObject({ [`ci_job_wait_seconds.${path}`]: [70, 12_000, 70, 12_000] });
    expect(await server.kept('counters')).toMatchObject({ 'statsd.bad_lines_seen': [0] });
  });
});

withStatsdExporter('statsd_exporter', () => {
  it('has the same figures from names', async () => {
    await using exporter = await startStatsdExporter();
    const sink = statsdSink({ port: exporter.port });

    await sink.write(given);
    await sink.write(given);

    const path = 'buildkite_main_Linux_web_app';
    await expect.poll(() => exporter.page()).toContain(`\nci_jobs_total_${path}_success 6\n`);
    const page = await exporter.page();
    expect(page).toContain(`\nci_queue_jobs_${path}_queued 5\n`);
    expect(page).toContain(`\nci_queue_jobs_${path}_running -2.5\n`);
    // Timers in milliseconds are seconds there.
    expect(page).toContain(`\nci_job_wait_seconds_${path}_sum 24.14\n`);
    expect(page).not.toMatch(/^statsd_exporter_(sample|tag)_errors_total\S* [1-9]/m);
  });

  it.each(['ms', 'h', 'd'])('has labels from tags, and seconds from observations as %s', async (observations) => {
    await using exporter = await startStatsdExporter();
    const sink = statsdSink({ port: exporter.port, tags: 'dogstatsd', observations, compat: true });

    await sink.write(given);
    await sink.write(given);

    const own = 'collector="ci",queue="web.app"';
    const rest = 'scope="Linux",source="main"';
    await expect
      .poll(() => exporter.page())
      .toContain(`\nci_jobs_total{${own},result="success",${rest},system="buildkite"} 6\n`);
    const page = await exporter.page();
    expect(page).toContain(`\nci_queue_jobs{${own},${rest},state="queued",system="buildkite"} 5\n`);
    expect(page).toContain(`\nci_queue_jobs{${own},${rest},state="running",system="buildkite"} -2.5\n`);
    expect(page).toContain(`\nci_job_wait_seconds_sum{${own},${rest},system="buildkite"} 24.14\n`);
    expect(page).toContain('\nbuildkite_clusters_queues_ScheduledJobsCount{cluster="Cluster_A",queue="default"} 4\n');
    expect(page).not.toMatch(/^statsd_exporter_(sample|tag)_errors_total\S* [1-9]/m);
  });
});
