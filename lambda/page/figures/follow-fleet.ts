/** Adds the queues and pipelines of a run up, and follows how long jobs have waited of late. */
import type { Batch } from '../../model/batch.ts';
import { jobWait } from '../../model/catalogue/job-metrics.ts';
import { append } from '../../model/lists/append.ts';
import { findGreatest } from '../../model/lists/extremes.ts';
import type { Figure, Fleet, PipelineNow, QueueNow } from '../messages.ts';
import { roundSeconds } from './follow-queues.ts';
import { listObservations } from './list-observations.ts';
import { findQuantile } from './quantile.ts';

/** Jobs whose waits make the quantiles of a moment: few enough to follow a change, enough for a 95th percentile. */
const newestJobs = 400;

export interface FleetFollower {
  readonly follow: (run: FleetInput) => Fleet;
}

interface FleetInput {
  readonly batch: Batch;
  readonly queues: readonly QueueNow[];
  readonly pipelines: readonly PipelineNow[];
  readonly runMs: number;
}

export function createFleetFollower(): FleetFollower {
  let waits: readonly number[] = [];
  return {
    follow: ({ batch, queues, pipelines, runMs }) => {
      const observed = [...waits];
      for (const { observations } of listObservations(batch, jobWait)) append(observed, observations);
      waits = observed.slice(-newestJobs);
      const findWait = (ratio: number): Figure => roundSeconds(findQuantile(waits, ratio));
      const known = pipelines.filter(({ source }) => !isAttested(batch, source));
      return {
        ...{ queued: sum(queues, 'queued'), running: sum(queues, 'running') },
        ...{ busy: sum(queues, 'busy'), workers: countWorkers(queues) },
        starvedQueues: isUnknown(queues) ? null : queues.filter(({ starved }) => (starved ?? 0) > 0).length,
        oldestWait: findGreatest(queues.flatMap(({ oldestWait }) => (oldestWait === null ? [] : [oldestWait]))) ?? null,
        ...{ passed: sum(known, 'passed'), failed: sum(known, 'failed') },
        ...{ waitP50: findWait(0.5), waitP95: findWait(0.95), runMs },
      };
    },
  };
}

/** Attestations are of builds that their own system counts. */
function isAttested({ sources: parts }: Batch, source: string): boolean {
  return parts.some((part) => part.source === source && part.system === 'chainloop');
}

/** Null where nothing tells the figure. */
function sum<Name extends string>(rows: readonly Readonly<Record<Name, Figure>>[], name: Name): Figure {
  return rows.reduce<Figure>((total, { [name]: value }) => (value === null ? total : (total ?? 0) + value), null);
}

/** Idle and busy ones. */
function countWorkers(queues: readonly QueueNow[]): Figure {
  const [idle, busy] = [sum(queues, 'idle'), sum(queues, 'busy')];
  return idle === null && busy === null ? null : (idle ?? 0) + (busy ?? 0);
}

function isUnknown(queues: readonly QueueNow[]): boolean {
  return queues.every(({ isKnown }) => !isKnown);
}
