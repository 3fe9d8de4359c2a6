/** Collects the figures of each queue into a row of the table. */
import type { Batch } from '../batch.ts';
import {
  queueJobs,
  queueOldestWait,
  queueWaitQuantile,
  starvedJobs,
  workers,
  workerUtilization,
} from '../catalogue/queue-metrics.ts';
import { queueLabels } from '../catalogue/identity-labels.ts';
import type { GaugeSample, Labels, MetricDefinition } from '../metric.ts';
import { mapQueueCosts, type QueueCost } from './queue-costs.ts';
import { mergeFamilies } from '../families/merge.ts';
import { compareText } from '../families/order.ts';
import { groupByLabels, type Grouping, rollUp } from '../families/roll-up.ts';

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
  /** Since counting began; absent for a queue without a price. */
  readonly cost?: QueueCost | undefined;
}

type JobState = 'queued' | 'running' | 'blocked';
type WorkerState = 'idle' | 'busy';

/** The queues of a batch, ordered by source, scope and name, so that a row stays in its place from run to run. */
export function mapQueueRows(batch: Batch): readonly QueueRow[] {
  const byQueue = new Map<string, QueueFigures>();
  for (const { key, labels, column, value } of collectFigures(batch)) {
    const queue = byQueue.get(key) ?? { labels, byColumn: new Map<string, number>() };
    queue.byColumn.set(column, value);
    byQueue.set(key, queue);
  }
  const costs = mapQueueCosts(batch, formatQueueKey);
  const rows = [...byQueue].map(([key, { labels, byColumn }]): QueueRow => {
    const findFigure = (metric: MetricDefinition, state = ''): number | undefined =>
      byColumn.get(formatColumn(metric.name, state));
    return {
      key,
      source: labels['source'] ?? '',
      scope: labels['scope'] ?? '',
      queue: labels['queue'] ?? '',
      jobs: dropUnknown({
        queued: findFigure(queueJobs, 'queued'),
        running: findFigure(queueJobs, 'running'),
        blocked: findFigure(queueJobs, 'blocked'),
      }),
      workers: dropUnknown({ idle: findFigure(workers, 'idle'), busy: findFigure(workers, 'busy') }),
      utilization: findFigure(workerUtilization),
      starved: findFigure(starvedJobs),
      oldestWait: findFigure(queueOldestWait),
      waits: { p50: findFigure(queueWaitQuantile, '0.5'), p95: findFigure(queueWaitQuantile, '0.95') },
      ...addCost(costs.get(key)),
    };
  });
  return rows.sort((a, b) => compareText(a.key, b.key));
}

interface QueueFigures {
  readonly labels: Labels;
  readonly byColumn: Map<string, number>;
}

interface Figure {
  /** Of the queue. */
  readonly key: string;
  /** Of the figure in its row. */
  readonly column: string;
  readonly labels: Labels;
  readonly value: number;
}

function formatColumn(metric: string, state: string): string {
  return `${metric} ${state}`;
}

const shown: ReadonlySet<string> = new Set(
  [queueJobs, queueOldestWait, queueWaitQuantile, starvedJobs, workers, workerUtilization].map(({ name }) => name),
);

/** What a figure is told apart by; samples that differ in any other label are one figure, by their metric's own rule. */
const byFigure: Grouping = {
  ...groupByLabels([...queueLabels, 'state', 'rank']),
  // A row reads these labels alone: to make each label set anew takes most of the time of a large table.
  relabel: (labels) => labels,
};

function collectFigures({ sources: parts }: Batch): readonly Figure[] {
  const ofQueues = parts.flatMap(({ families }) => families.filter(({ definition }) => shown.has(definition.name)));
  return mergeFamilies(ofQueues).families.flatMap((family) => {
    const figures = rollUp(family, byFigure);
    return figures.type === 'gauge' ? figures.samples.map((sample) => mapFigure(family.definition.name, sample)) : [];
  });
}

function mapFigure(metric: string, { labels, value }: GaugeSample): Figure {
  return {
    key: formatQueueKey(labels),
    column: formatColumn(metric, labels['state'] ?? labels['rank'] ?? ''),
    labels,
    value,
  };
}

function formatQueueKey(labels: Labels): string {
  return JSON.stringify([labels['source'], labels['scope'], labels['queue'], labels['system']]);
}

function addCost(cost: QueueCost | undefined): Pick<QueueRow, 'cost'> {
  return cost === undefined ? {} : { cost };
}

function dropUnknown<Name extends string>(
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
export function sumFigures(
  rows: readonly QueueRow[],
  figure: (row: QueueRow) => number | undefined,
): number | undefined {
  const figures = rows.map(figure).filter((value) => value !== undefined);
  return figures.length === 0 ? undefined : figures.reduce((sum, value) => sum + value, 0);
}
