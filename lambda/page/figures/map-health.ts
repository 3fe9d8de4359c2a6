/** Says of a run how the collector itself is: its sources, its sinks and their problems. */
import type { Outcome, RunReport, SinkOutcome, SourceOutcome } from '../../report/report.ts';
import type { Health, ShownProblem, SinkHealth, SourceHealth } from '../messages.ts';

/** More than a person reads; the log has all. */
const shownProblems = 40;

/** `runs`: those of this process, this one included. */
export function mapHealth(report: RunReport, runs: Readonly<Record<Outcome, number>>): Health {
  const problems = [...report.sources, ...report.sinks].flatMap(listProblems);
  return {
    ...{ outcome: report.outcome, startedAtMs: report.startedAtMs, durationMs: report.durationMs, runs: { ...runs } },
    sources: report.sources.map(mapSource),
    sinks: report.sinks.map(mapSink),
    problems: problems.slice(0, shownProblems),
    moreProblems: Math.max(0, problems.length - shownProblems),
  };
}

function listProblems({ id, problems }: SourceOutcome | SinkOutcome): readonly ShownProblem[] {
  // Field by field: what else a problem may hold is not for a browser.
  return problems.map(({ kind, where, message, retryAtMs }) => ({
    ...{ component: id, kind, where, message },
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  }));
}

function mapSource({ id, status, durationMs, samples, meter, lastSuccessMs }: SourceOutcome): SourceHealth {
  const answers = [...meter.attempts].map(([answer, count]) => `${String(count)} × ${answer}`).join(', ');
  return {
    ...{ id, status, durationMs, samples, answers, lastSuccessMs: lastSuccessMs ?? null },
    ...{ quota: meter.rateLimit?.remaining ?? null, quotaLimit: meter.rateLimit?.limit ?? null },
  };
}

function mapSink({ id, durationMs, accepted, problems, pending }: SinkOutcome): SinkHealth {
  return { id, isUp: problems.length === 0, durationMs, accepted, pending: pending ?? null };
}
