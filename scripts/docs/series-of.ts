import type { MetricFamily } from '../../lambda/model/metric.ts';
import { familiesOf } from '../../lambda/sources/buildkite/map.ts';
import { MetricsAnswer, snapshotOf } from '../../lambda/sources/buildkite/schema.ts';

/** What the Buildkite source makes of one cluster with this many busy queues, each with agents. */
export function seriesOf(queues: number, compat: boolean): readonly MetricFamily[] {
  const jobs = { scheduled: 1, running: 1, waiting: 1, total: 2 };
  const agents = { idle: 1, busy: 1, total: 2 };
  const each = <Counts>(counts: Counts): Record<string, Counts> =>
    Object.fromEntries(Array.from({ length: queues }, (_, index) => [`queue-${String(index + 1)}`, counts]));
  const answer = MetricsAnswer.parse({
    organization: { slug: 'acme' },
    cluster: { name: 'Linux' },
    jobs: { ...jobs, queues: each(jobs) },
    agents: { ...agents, queues: each(agents) },
  });
  return familiesOf([{ snapshot: snapshotOf(answer, 'acme'), scope: 'Linux' }], {
    source: 'buildkite',
    isSelected: () => true,
    isHosted: () => false,
    compat: compat ? 'queues-and-totals' : 'none',
  });
}
