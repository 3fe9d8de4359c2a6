/** Batches whose every figure occurs once, so that a test finds it at any backend, whatever it is called there. */
import type { Batch, SourceOutput } from '../../../lambda/model/batch.ts';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { sourceUp } from '../../../lambda/model/catalogue/collector-metrics.ts';
import { buildCounter, buildDistribution, buildGauge, type MetricFamily } from '../../../lambda/model/metric.ts';
import { jobsFinished, jobWait } from '../../../lambda/model/catalogue/job-metrics.ts';
import type { SinkFacts } from './facts.ts';

/** Letters only, so that no backend has to clean it. */
export const refusedQueue = 'refusedqueue';

export const sourceNames = ['alpha', 'beta'] as const;
export type SourceName = (typeof sourceNames)[number];

/** One queue of one source in one run, with all that is said of it. */
export interface Figures {
  readonly source: SourceName;
  readonly queue: string;
  readonly level: number;
  readonly increase: number;
  readonly observation: number;
  readonly total: number;
  readonly sum: number;
}

export interface RunPlan {
  /** 1 for the first run; the figures of each run are others. */
  readonly run: number;
  /** Queues of each source. */
  readonly queues: number;
  /** Of the first queues of each source it is also said how long jobs waited. */
  readonly waits?: number;
  /** A queue of the first source is called this, in the middle of the others. */
  readonly named?: string;
  /** What `beta` gives; default: everything. */
  readonly beta?: SourceOutput['status'];
}

/** Shortly before now, for some backends take nothing that is old. */
const firstTickMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;

export function tickOf({ run }: Pick<RunPlan, 'run'>): number {
  return firstTickMs + run * 60_000;
}

/** When all totals began. */
export const startMs = firstTickMs - 3_600_000;

export function figuresOf({ run, queues, named }: RunPlan): readonly Figures[] {
  return sourceNames.flatMap((source, place) =>
    Array.from({ length: queues }, (_, index): Figures => {
      const id = run * 1_000_000 + place * 20_000 + index;
      const isNamed = named !== undefined && place === 0 && index === Math.floor(queues / 2);
      return {
        source,
        queue: isNamed ? named : `queue${String(index)}`,
        level: id,
        increase: id + 100_000,
        observation: id + 200_000.25,
        total: id + 300_000_000,
        sum: id + 500_000_000.25,
      };
    }),
  );
}

export function batchOf(plan: RunPlan): Batch {
  const { beta = 'complete', waits = 20 } = plan;
  const all = figuresOf(plan);
  const parts = sourceNames.map((source): SourceOutput => {
    const status = source === 'beta' ? beta : 'complete';
    const isGiven = status === 'complete' || status === 'partial';
    const families = isGiven
      ? familiesOf(
          all.filter((figures) => figures.source === source),
          waits,
        )
      : [];
    return { system: 'buildkite', source, status, families };
  });
  const up = parts
    .filter(({ status }) => status !== 'skipped')
    .map(({ source, status }) => ({ labels: { system: 'buildkite', source }, value: status === 'complete' ? 1 : 0 }));
  return {
    tickMs: tickOf(plan),
    collectedAtMs: tickOf(plan) + 1500,
    sources: parts,
    health: [buildGauge(sourceUp, up)],
  };
}

function labelsOf({ source, queue }: Pick<Figures, 'source' | 'queue'>) {
  return { system: 'buildkite', source, scope: 'main', queue };
}

function familiesOf(figures: readonly Figures[], waits: number): readonly MetricFamily[] {
  return [
    buildCounter(
      jobsFinished,
      figures.map((one) => ({
        labels: { ...labelsOf(one), result: 'success' },
        increase: one.increase,
        total: { value: one.total, startMs },
      })),
    ),
    buildDistribution(
      jobWait,
      figures.slice(0, waits).map((one) => ({
        labels: labelsOf(one),
        observations: [one.observation],
        total: { bounds: [1, 60], counts: [0, 0, 1], sum: one.sum, startMs },
      })),
    ),
    buildGauge(
      queueJobs,
      figures.map((one) => ({ labels: { ...labelsOf(one), state: 'queued' }, value: one.level })),
    ),
  ];
}

/** What a backend of this kind has to have of some queues; of each only its level and its counter where told so. */
export function expectedFigures(
  figures: readonly Figures[],
  { takes }: Pick<SinkFacts, 'takes'>,
  waits = 20,
): readonly number[] {
  return sourceNames.flatMap((source) =>
    figures
      .filter((one) => one.source === source)
      .flatMap((one, index) => {
        const [counted, waited] = takes === 'increases' ? [one.increase, one.observation] : [one.total, one.sum];
        return index < waits ? [one.level, counted, waited] : [one.level, counted];
      }),
  );
}
