/** Runs that have ended, from Tekton Results; the cluster may have forgotten them already. */
import type { Ledger, Stream } from '../../../counters/ledger.ts';
import { describeHttpProblem } from '../../../http/errors/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { TimeRange } from '../cluster/age.ts';
import type { ListTarget } from '../cluster/list-runs.ts';
import type { TektonResults } from '../config.ts';
import type { ClusterSend } from '../cluster/connect.ts';
import { interpretObject } from '../runs/finished-run.ts';
import type { Archive } from '../runs/archive.ts';
import { readRecords, type Records } from './read-records.ts';
import { hourMs } from '../../../model/time.ts';

export interface ArchiveOptions {
  readonly send: ClusterSend;
  readonly settings: TektonResults;
  readonly where: string;
  readonly deadline: Deadline;
}

/** After a pause of days the archive is caught up hour by hour, so that no single collection has to read all of it. */
const maxSpanMs = hourMs;

export function createArchive(options: ArchiveOptions): Archive {
  const { send, settings, where, deadline } = options;
  return {
    readFinished: async (target, stream, ledger) => {
      const range = chooseRange(stream, ledger);
      try {
        const records = await readRecords(target, range, { send, deadline, maxRecords: settings.maxRecords });
        return {
          runs: records.objects.flatMap((object) => interpretObject(target.kind, object, object.metadata.uid) ?? []),
          readToMs: range.toMs,
          problems: describeProblems(records, target, where),
        };
      } catch (error) {
        const problem = describeHttpProblem(error, where, hints);
        if (problem === undefined) throw error;
        const message = `${problem.message}; ${target.kind} that are pruned already are counted once Tekton Results answers`;
        return { runs: [], readToMs: undefined, problems: [{ ...problem, message }] };
      }
    },
  };
}

/** What ended before counting began is history, which the cluster itself tells well enough. */
function chooseRange(stream: Stream, ledger: Ledger): TimeRange {
  const { fromMs, toMs } = ledger.openWindow(stream);
  const sinceMs = Math.max(fromMs, ledger.epochMs);
  return { fromMs: sinceMs, toMs: Math.max(sinceMs, Math.min(toMs, sinceMs + maxSpanMs)) };
}

function describeProblems(
  { unreadable, isCut, objects }: Records,
  { kind }: ListTarget,
  where: string,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (unreadable > 0) {
    const message = `${String(unreadable)} records of ${kind} in Tekton Results hold no run and were left out; the others are counted`;
    problems.push({ kind: 'bad-response', where, message });
  }
  if (isCut) {
    const message = `Tekton Results has more than ${String(objects.length)} ${kind} that ended since the last time; raise results.maxRecords, or some are not counted`;
    problems.push({ kind: 'configuration', where, message });
  }
  return problems;
}

const hints = {
  401: 'Tekton Results does not know the token; check results.token',
  403: 'the collector may not list records; grant it the role tekton-results-readonly',
  404: 'there is no Results API v1alpha2 at results.url',
};
