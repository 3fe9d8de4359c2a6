import type { Batch } from '../../model/batch.ts';
import { queueJobs, starvedJobs, workers, workerUtilization } from '../../model/catalogue/catalogue.ts';
import type { GaugeSample, Labels, MetricDefinition } from '../../model/metric.ts';
import { queueOldestWait, queueWaitQuantile } from '../../model/catalogue/run-metrics.ts';
import { compareText } from '../../model/families/order.ts';

/** One queue as a person reads it; a figure that the CI system does not tell is absent. */
export interface QueueRow {
  /** Tells the queue from all others. */
  readonly key: string;
  readonly source: string;
  readonly scope: string;
  readonly queue: string;
  readonly jobs: Readonly<Partial<Record<JobState, number>>>;
  readonly workers: Readonly<Partial<Record<WorkerState, number>>>;
  /** 0 to 1. */
  readonly utilization?: number | undefined;
  /** Queued jobs that no worker will take. */
  readonly starved?: number | undefined;
  /** Age of the oldest queued job. Seconds. */
  readonly oldestWait?: number | undefined;
  /** Waiting times as the CI system itself reports them. Seconds. */
  readonly waits?: { readonly p50?: number | undefined; readonly p95?: number | undefined };
}

type JobState = 'queued' | 'running' | 'blocked';
type WorkerState = 'idle' | 'busy';

/** The queues of a batch by source, scope and name: an order that does not jump while somebody reads it. */
export function queueRows(batch: Batch): readonly QueueRow[] {
  const figures = figuresOf(batch);
  const identities = new Map<string, Labels>();
  for (const { key, labels } of figures) identities.set(key, labels);
  const byPlace = new Map(figures.map((figure) => [`${figure.metric} ${figure.state} ${figure.key}`, figure.value]));

  const rows = [...identities].map(([key, labels]): QueueRow => {
    const figure = (metric: MetricDefinition, state = ''): number | undefined =>
      byPlace.get(`${metric.name} ${state} ${key}`);
    return {
      key,
      source: labels['source'] ?? '',
      scope: labels['scope'] ?? '',
      queue: labels['queue'] ?? '',
      jobs: known({
        queued: figure(queueJobs, 'queued'),
        running: figure(queueJobs, 'running'),
        blocked: figure(queueJobs, 'blocked'),
      }),
      workers: known({ idle: figure(workers, 'idle'), busy: figure(workers, 'busy') }),
      utilization: figure(workerUtilization),
      starved: figure(starvedJobs),
      oldestWait: figure(queueOldestWait),
      waits: { p50: figure(queueWaitQuantile, '0.5'), p95: figure(queueWaitQuantile, '0.95') },
    };
  });
  return rows.sort((a, b) => compareText(a.key, b.key));
}

interface Figure {
  readonly metric: string;
  readonly key: string;
  readonly state: string;
  readonly labels: Labels;
  readonly value: number;
}

function figuresOf({ parts }: Batch): readonly Figure[] {
  const ofQueues = new Set<string>(
    [queueJobs, queueOldestWait, queueWaitQuantile, starvedJobs, workers, workerUtilization].map(({ name }) => name),
  );
  return parts.flatMap(({ families }) =>
    families.flatMap((family) =>
      family.type === 'gauge' && ofQueues.has(family.definition.name)
        ? family.samples.map((sample) => figureOf(family.definition.name, sample))
        : [],
    ),
  );
}

function figureOf(metric: string, { labels, value }: GaugeSample): Figure {
  const key = JSON.stringify([labels['source'], labels['scope'], labels['queue'], labels['system']]);
  return { metric, key, state: labels['state'] ?? labels['rank'] ?? '', labels, value };
}

function known<Name extends string>(
  figures: Readonly<Record<Name, number | undefined>>,
): Partial<Record<Name, number>> {
  const result: Partial<Record<Name, number>> = {};
  for (const name in figures) {
    const value = figures[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** Sums over the queues that tell the figure; undefined when none does. */
export function totalOf(rows: readonly QueueRow[], figure: (row: QueueRow) => number | undefined): number | undefined {
  const figures = rows.map(figure).filter((value) => value !== undefined);
  return figures.length === 0 ? undefined : figures.reduce((sum, value) => sum + value, 0);
}
