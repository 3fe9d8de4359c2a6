/** Follows the queues from run to run: their rows, since when each is starved, and how long its newest jobs waited. */
import type { Batch } from '../../model/batch.ts';
import { mapQueueRows, type QueueRow } from '../../model/figures/queue-rows.ts';
import { createStarvedWatch } from '../../model/figures/starved-watch.ts';
import { jobWait } from '../../model/catalogue/job-metrics.ts';
import type { Figure, QueueNow } from '../messages.ts';
import { listObservations } from './list-observations.ts';
import { rememberNewest } from './newest.ts';
import { findQuantile } from './quantile.ts';

export interface QueueFollower {
  /** The queues of a run. One whose source could not be read stays, without figures. `atMs`: epoch milliseconds. */
  readonly follow: (batch: Batch, atMs: number) => readonly QueueNow[];
}

export function createQueueFollower(): QueueFollower {
  const starved = createStarvedWatch();
  const waits = rememberNewest();
  let before: readonly QueueNow[] = [];
  const mapRow = (row: QueueRow, atMs: number): QueueNow => {
    const starvedMs = starved.getStarvedMs(row, atMs);
    return {
      ...mapFigures(row),
      ...mapWaits(row, waits.list(row.key)),
      starvedSinceMs: starvedMs === undefined ? null : atMs - starvedMs,
    };
  };
  return {
    follow: (batch, atMs) => {
      const rows = mapQueueRows(batch);
      starved.note(rows, atMs);
      for (const { labels, observations } of listObservations(batch, jobWait))
        waits.add(formatKey(labels), observations);
      const now = [...rows.map((row) => mapRow(row, atMs)), ...listMissing(before, rows, batch)];
      waits.keepOnly(new Set(now.map(({ key }) => key)));
      before = now;
      return now;
    },
  };
}

function mapFigures({ key, source, scope, queue, jobs, workers, starved, oldestWait }: QueueRow) {
  return {
    ...{ key, source, scope, queue, isKnown: true },
    ...{ queued: jobs.queued ?? null, running: jobs.running ?? null, blocked: jobs.blocked ?? null },
    ...{ idle: workers.idle ?? null, busy: workers.busy ?? null },
    ...{ oldestWait: roundSeconds(oldestWait), starved: starved ?? null },
  };
}

/** As the CI system tells them, else as they were observed. */
function mapWaits({ waits }: QueueRow, observed: readonly number[]): Pick<QueueNow, 'p50' | 'p95'> {
  return {
    p50: roundSeconds(waits?.p50 ?? findQuantile(observed, 0.5)),
    p95: roundSeconds(waits?.p95 ?? findQuantile(observed, 0.95)),
  };
}

/** As `mapQueueRows` makes it. */
function formatKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([labels['source'], labels['scope'], labels['queue'], labels['system']]);
}

/** Queues that were there, and of whose source not everything could be read. */
function listMissing(before: readonly QueueNow[], rows: readonly QueueRow[], batch: Batch): readonly QueueNow[] {
  const found = new Set(rows.map(({ key }) => key));
  const silent = new Set(batch.sources.filter(({ status }) => status !== 'complete').map(({ source }) => source));
  return before.filter(({ key, source }) => !found.has(key) && silent.has(source)).map(emptyRow);
}

function emptyRow({ key, source, scope, queue }: QueueNow): QueueNow {
  const unknown = { queued: null, running: null, blocked: null, idle: null, busy: null, oldestWait: null };
  return {
    key,
    source,
    scope,
    queue,
    isKnown: false,
    ...unknown,
    starved: null,
    starvedSinceMs: null,
    p50: null,
    p95: null,
  };
}

/** Tenths: what is finer cannot be read, and makes messages long. */
export function roundSeconds(seconds: number | null | undefined): Figure {
  return seconds === undefined || seconds === null ? null : Math.round(seconds * 10) / 10;
}
