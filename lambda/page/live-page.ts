/** The page for people: takes in each run, remembers the last ones and tells the browsers that watch. */
import type { ServerResponse } from 'node:http';
import type { Batch } from '../model/batch.ts';
import type { Outcome, RunReport } from '../report/report.ts';
import type { Clock } from '../runtime/clock.ts';
import { createEventStream } from './event-stream.ts';
import { createFleetFollower } from './figures/follow-fleet.ts';
import { createPipelineFollower } from './figures/follow-pipelines.ts';
import { createQueueFollower } from './figures/follow-queues.ts';
import { mapHealth } from './figures/map-health.ts';
import { addRun, chooseLimit, createHistory } from './history.ts';
import type { Facts, Opening, Run } from './messages.ts';

export interface LivePage {
  /** What a run has collected; shown once the run has ended. */
  readonly noteBatch: (batch: Batch) => void;
  /** Shows the run, with the batch that was noted before. */
  readonly noteRun: (report: RunReport) => void;
  /** Sends all further runs to this answer; false where too many browsers watch already. */
  readonly join: (response: ServerResponse) => boolean;
  readonly close: () => void;
}

export type LivePageOptions = Omit<Facts, 'sinceMs'> & { readonly clock: Clock };

export function createLivePage({ clock, ...options }: LivePageOptions): LivePage {
  const facts: Facts = { ...options, sinceMs: clock() };
  const history = createHistory();
  const stream = createEventStream();
  const follower = createFollower();
  let batch: Batch | undefined;
  return {
    noteBatch: (collected) => {
      batch = collected;
    },
    noteRun: (report) => {
      const run = follower.follow(batch ?? createEmptyBatch(report), report, clock());
      batch = undefined;
      addRun(history, run);
      stream.send('run', run);
    },
    join: (response) => stream.join(response, 'opening', { facts, nowMs: clock(), history } satisfies Opening),
    close: () => {
      stream.close();
    },
  };
}

interface Follower {
  readonly follow: (batch: Batch, report: RunReport, atMs: number) => Run;
}

function createFollower(): Follower {
  const [queues, pipelines, fleet] = [createQueueFollower(), createPipelineFollower(), createFleetFollower()];
  const runs: Record<Outcome, number> = { ok: 0, degraded: 0, failed: 0 };
  return {
    follow: (batch, report, atMs) => {
      runs[report.outcome] += 1;
      const found = { queues: queues.follow(batch, atMs), pipelines: pipelines.follow(batch) };
      return {
        atMs,
        limit: chooseLimit(found.queues.length, found.pipelines.length),
        fleet: fleet.follow({ batch, ...found, runMs: Math.round(report.durationMs) }),
        ...found,
        health: mapHealth(report, runs),
      };
    },
  };
}

/** Of a run that no sink was given: what its sources would have told is not known. */
function createEmptyBatch({ tickMs, startedAtMs, sources }: RunReport): Batch {
  const silent = sources.map(({ system, name }) => ({
    system,
    source: name,
    status: 'skipped' as const,
    families: [],
  }));
  return { tickMs, collectedAtMs: startedAtMs, sources: silent, health: [] };
}
