/** Answers ten questions from what a backend holds, each in the way in which a person would ask that backend. */
import { collectMetricNames } from '../../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { catalogue } from '../../../lambda/model/catalogue/catalogue.ts';
import { jobsFinished } from '../../../lambda/model/catalogue/job-metrics.ts';
import type { Labels } from '../../../lambda/model/metric.ts';
import type { ReceivedValue } from '../sinks/facts.ts';

/** A figure, the bounds of the bucket in which it lies, or nothing where the backend cannot tell. */
export type Answer = number | { readonly above: number; readonly upTo: number } | undefined;

export interface LevelAnswers {
  readonly queued: Answer;
  readonly running: Answer;
  readonly idle: Answer;
  readonly oldestWaitSeconds: Answer;
  readonly sourceUp: Answer;
}

export interface DayAnswers {
  readonly buildsFailed: Answer;
  readonly buildsPassed: Answer;
  readonly jobs: Answer;
  readonly waitP95: Answer;
  readonly longWaits: Answer;
}

export interface Reader {
  /** From what came in one run. */
  readonly levels: (latest: readonly ReceivedValue[]) => LevelAnswers;
  /** From all that came, oldest first. */
  readonly day: (all: readonly ReceivedValue[]) => DayAnswers;
}

/** Five minutes, which is a bound of the histograms of waits, so that no bucket has to be cut. */
export const longWaitSeconds = 300;

/** The nearest rank of values in ascending order. */
export function percentile(ascending: readonly number[], share: number): number | undefined {
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);

type Wanted = Readonly<Record<string, string>>;

function isOf({ name, labels }: ReceivedValue, wantedName: string, wanted: Wanted): boolean {
  return name === wantedName && Object.entries(wanted).every(([label, value]) => labels[label] === value);
}

/** The newest value of each series. */
function newest(values: readonly ReceivedValue[], name: string, wanted: Wanted = {}): readonly number[] {
  const bySeries = new Map<string, number>();
  for (const value of values) {
    const [figure] = value.values;
    if (isOf(value, name, wanted) && figure !== undefined) bySeries.set(keyOf(value.labels), figure);
  }
  return [...bySeries.values()];
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What was added: of increases their sum, of a running total its steps, where a smaller one has begun anew. */
function added(values: readonly ReceivedValue[], name: string, wanted: Wanted = {}): number {
  const before = new Map<string, number>();
  let all = 0;
  for (const value of values) {
    if (!isOf(value, name, wanted)) continue;
    const figure = sum(value.values);
    if (value.kind === 'increase') all += figure;
    if (value.kind !== 'total') continue;
    const last = before.get(keyOf(value.labels)) ?? 0;
    all += figure < last ? figure : figure - last;
    before.set(keyOf(value.labels), figure);
  }
  return all;
}

/** Backends that keep the collector's own names and labels. */
const levelsByName: Reader['levels'] = (latest) => {
  const ages = newest(latest, 'ci_queue_oldest_wait_seconds');
  return {
    queued: told(newest(latest, 'ci_queue_jobs', { state: 'queued' })),
    running: told(newest(latest, 'ci_queue_jobs', { state: 'running' })),
    idle: told(newest(latest, 'ci_workers', { state: 'idle' })),
    oldestWaitSeconds: ages.length === 0 ? undefined : Math.max(...ages),
    sourceUp: told(newest(latest, 'ci_collector_source_up')),
  };
};

function told(figures: readonly number[]): Answer {
  return figures.length === 0 ? undefined : sum(figures);
}

const endsByName = (all: readonly ReceivedValue[]): Pick<DayAnswers, 'buildsFailed' | 'buildsPassed' | 'jobs'> => ({
  buildsFailed: added(all, 'ci_runs_total', { result: 'failure' }),
  buildsPassed: added(all, 'ci_runs_total', { result: 'success' }),
  jobs: added(all, 'ci_jobs_total'),
});

/** Every single wait has arrived: CloudWatch, distributions of Datadog. */
export const readObservations: Reader = {
  levels: levelsByName,
  day: (all) => ({ ...endsByName(all), ...waitsOf(observed(all, 'ci_job_wait_seconds')) }),
};

function observed(all: readonly ReceivedValue[], name: string, wanted: Wanted = {}): readonly number[] {
  return all
    .filter((value) => value.kind === 'observations' && isOf(value, name, wanted))
    .flatMap(({ values }) => values)
    .sort((a, b) => a - b);
}

function waitsOf(ascending: readonly number[]): Pick<DayAnswers, 'waitP95' | 'longWaits'> {
  return {
    waitP95: percentile(ascending, 0.95),
    longWaits: ascending.filter((seconds) => seconds > longWaitSeconds).length,
  };
}

/** Histograms with bounds: running totals or increases, as series for each bucket or as one value. */
export const readBuckets: Reader = {
  levels: levelsByName,
  day: (all) => {
    const series = all.flatMap(bucketsAsSeries);
    const bounds = new Set(
      series.filter(({ name }) => name === 'ci_job_wait_seconds_bucket').map(({ labels }) => labels['le'] ?? ''),
    );
    const buckets = [...bounds]
      .map((le) => ({
        bound: le === '+Inf' ? Infinity : Number(le),
        count: added(series, 'ci_job_wait_seconds_bucket', { le }),
      }))
      .sort((a, b) => a.bound - b.bound);
    const count = buckets.at(-1)?.count ?? 0;
    const rank = Math.ceil(count * 0.95);
    const place = buckets.findIndex((bucket) => bucket.count >= rank);
    const short = buckets.find(({ bound }) => bound === longWaitSeconds);
    return {
      ...endsByName(all),
      waitP95: { above: buckets[place - 1]?.bound ?? 0, upTo: buckets[place]?.bound ?? Infinity },
      longWaits: short === undefined ? undefined : count - short.count,
    };
  },
};

/** As Prometheus writes a histogram: a series a bucket, each with all that is at most its bound. */
function bucketsAsSeries(value: ReceivedValue): readonly ReceivedValue[] {
  const { buckets, name, labels, kind } = value;
  if (buckets === undefined) return [value];
  let below = 0;
  return buckets.counts.map((count, index) => {
    below += count;
    const le = String(buckets.bounds[index] ?? '+Inf');
    return {
      ...{ name: `${name}_bucket`, labels: { ...labels, le }, values: [below] },
      kind: kind === 'observations' ? 'increase' : kind,
    };
  });
}

/** Only the sum, the least, the greatest and the number of waits have arrived. */
export const readSummaries: Reader = {
  levels: levelsByName,
  day: (all) => ({ ...endsByName(all), waitP95: undefined, longWaits: undefined }),
};

/**
 * The original StatsD: labels are parts of the name, bins of its `histogram` setting count long waits, and its
 * percentiles are those of ten seconds.
 */
export const readDottedNames: Reader = {
  levels: (latest) => levelsByName(latest.map(withLabels)),
  day: (all) => ({ ...readObservations.day(all.map(withLabels)), waitP95: undefined }),
};

const labelsByName: ReadonlyMap<string, readonly string[]> = new Map(
  catalogue.map(({ name, labels }) => [name, labels]),
);

function withLabels(value: ReceivedValue): ReceivedValue {
  const [name = '', ...parts] = value.name.split('.');
  const labels = labelsByName.get(name) ?? [];
  return { ...value, name, labels: Object.fromEntries(labels.map((label, index) => [label, parts[index] ?? ''])) };
}

/** Google Cloud Monitoring: the type of a metric has a prefix before the name. */
export const readGoogleCloud: Reader = {
  levels: (latest) => readBuckets.levels(latest.map(withoutPrefix)),
  day: (all) => readBuckets.day(all.map(withoutPrefix)),
};

function withoutPrefix(value: ReceivedValue): ReceivedValue {
  return { ...value, name: value.name.slice(value.name.lastIndexOf('/') + 1) };
}

/** CloudWatch: the roll-up of the source under a name for each result, and Buildkite's own names for its levels. */
export const readCloudWatch: Reader = {
  levels: (latest) => {
    const level = (name: string, dimensions: Labels): Answer => {
      const series = latest.filter((value) => value.name === name && keyOf(value.labels) === keyOf(dimensions));
      return series.at(-1)?.values[0];
    };
    return {
      queued: level('ScheduledJobsCount', {}),
      running: level('RunningJobsCount', {}),
      idle: level('IdleAgentCount', {}),
      oldestWaitSeconds: level('OldestQueuedJobAge', ofSource),
      sourceUp: level('SourceUp', ofSource),
    };
  },
  day: (all) => {
    const rolledUp = all.filter(({ labels }) => keyOf(labels) === keyOf(ofSource));
    return {
      buildsFailed: added(rolledUp, 'FailedRuns'),
      buildsPassed: added(rolledUp, 'SucceededRuns'),
      jobs: sum(collectMetricNames(jobsFinished.cloudWatch).map((name) => added(rolledUp, name))),
      ...waitsOf(observed(rolledUp, 'JobWaitTime')),
    };
  },
};

const ofSource: Labels = { System: 'buildkite', Source: 'main' };
