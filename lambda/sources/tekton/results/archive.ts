import type { Ledger, Stream } from '../../../counters/ledger.ts';
import { problemOf } from '../../../http/errors/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { ListPlace } from '../cluster/list-runs.ts';
import type { TektonResults } from '../config.ts';
import type { ClusterSend } from '../cluster/connect.ts';
import { finishedByObject } from '../runs/finished-run.ts';
import type { FinishedRun } from '../runs/finish.ts';
import { readRecords, type Records, type Span } from './read-records.ts';

/** Runs that have ended, from where they are kept after the cluster has forgotten them. */
export interface Archive {
  readonly finishedOf: (place: ListPlace, stream: Stream, ledger: Ledger) => Promise<Archived>;
}

export interface Archived {
  readonly runs: readonly FinishedRun[];
  /** How far the stream was read; undefined where it could not be. Epoch milliseconds. */
  readonly readToMs: number | undefined;
  readonly problems: readonly Problem[];
}

export interface ArchiveOptions {
  readonly send: ClusterSend;
  readonly settings: TektonResults;
  readonly where: string;
  readonly deadline: Deadline;
}

/** After a pause of days the archive is caught up hour by hour, so that no single collection has to read all of it. */
const maxSpanMs = 60 * 60_000;

export function createArchive(options: ArchiveOptions): Archive {
  const { send, settings, where, deadline } = options;
  return {
    finishedOf: async (place, stream, ledger) => {
      const span = spanOf(stream, ledger);
      try {
        const records = await readRecords(place, span, { send, deadline, maxRecords: settings.maxRecords });
        return {
          runs: records.objects.flatMap((object) => finishedByObject(place.kind, object, object.metadata.uid) ?? []),
          readToMs: span.toMs,
          problems: problemsOf(records, place, where),
        };
      } catch (error) {
        const problem = problemOf(error, where, hints);
        if (problem === undefined) throw error;
        const message = `${problem.message}; ${place.kind} that are pruned already are counted once Tekton Results answers`;
        return { runs: [], readToMs: undefined, problems: [{ ...problem, message }] };
      }
    },
  };
}

/** What ended before counting began is history, which the cluster itself tells well enough. */
function spanOf(stream: Stream, ledger: Ledger): Span {
  const { fromMs, toMs } = ledger.window(stream);
  const sinceMs = Math.max(fromMs, ledger.epochMs);
  return { fromMs: sinceMs, toMs: Math.max(sinceMs, Math.min(toMs, sinceMs + maxSpanMs)) };
}

function problemsOf({ damaged, isCut, objects }: Records, { kind }: ListPlace, where: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (damaged > 0) {
    const message = `${String(damaged)} records of ${kind} in Tekton Results hold no run and were left out; the others are counted`;
    problems.push({ kind: 'bad-response', where, message });
  }
  if (isCut) {
    const message = `Tekton Results has more than ${String(objects.length)} ${kind} that ended since the last time; raise results.maxRecords, or some are not counted`;
    problems.push({ kind: 'rate-limited', where, message });
  }
  return problems;
}

const hints = {
  401: 'Tekton Results does not know the token; check results.token',
  403: 'the collector may not list records; grant it the role tekton-results-readonly',
  404: 'there is no Results API v1alpha2 at results.url',
};
