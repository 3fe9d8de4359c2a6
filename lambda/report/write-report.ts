/** Writes the report of a run as one log line. */
import type { CountingFigures } from '../counters/tick/count-tick.ts';
import type { Problem } from '../model/problem.ts';
import type { LogFields, Logger } from '../runtime/log.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from './report.ts';

/** Further problems of a source or sink are only counted: a log line has 256 KB, and the first few tell the cause. */
const maxProblemsListed = 5;

/** Writes the one line that a run logs; a level above `info` means that something needs attention. */
export function writeReport(report: RunReport, log: Logger): void {
  const fields = formatReport(report);
  if (report.outcome === 'ok') log.info('run finished', fields);
  else if (report.outcome === 'degraded') log.warn('run finished', fields);
  else log.error('run finished', fields);
}

/** A report as data for a log query: `filter outcome != "ok"`, `sources.0.problems.0.message`. */
export function formatReport(report: RunReport): LogFields {
  const { outcome, collector, durationMs } = report;
  return {
    outcome,
    collector,
    tick: new Date(report.tickMs).toISOString(),
    ...(report.scheduledMs === undefined ? {} : { lagMs: Math.max(0, report.startedAtMs - report.scheduledMs) }),
    durationMs,
    sources: report.sources.map(formatSource),
    sinks: report.sinks.map(formatSink),
  };
}

function formatSource(source: SourceOutcome): LogFields {
  const { id, status, durationMs, samples, overflow, problems, meter, counting, skippedBecause } = source;
  return {
    source: id,
    status,
    ...(skippedBecause === undefined ? {} : { skippedBecause }),
    durationMs,
    samples,
    ...(overflow > 0 ? { overflow } : {}),
    requests: Object.fromEntries(meter.attempts),
    ...(meter.rateLimit === undefined ? {} : { quotaRemaining: meter.rateLimit.remaining }),
    ...(counting === undefined ? {} : { counting: formatCounting(counting) }),
    ...formatProblems(problems),
  };
}

/** What is as it should be is left out. */
function formatCounting(counting: CountingFigures): LogFields {
  const { finishes, openRuns, watermarkLagSeconds, stateBytes, truncated, runsLost, isNew } = counting;
  return {
    finishes,
    openRuns,
    ...(watermarkLagSeconds === undefined ? {} : { watermarkLagSeconds }),
    stateBytes,
    ...(truncated > 0 ? { truncated } : {}),
    ...(runsLost > 0 ? { runsLost } : {}),
    ...(isNew ? { began: 'no state was found: totals start at 0 in this run' } : {}),
  };
}

function formatSink({ id, durationMs, accepted, requests, bytes, problems, ...outbox }: SinkOutcome): LogFields {
  const { isUnanswered, pending = 0, unconfirmed = 0, dropped = 0 } = outbox;
  return {
    sink: id,
    durationMs,
    accepted,
    requests,
    bytes,
    // What was accepted by a network that answers nothing may have arrived nowhere.
    ...(isUnanswered === true ? { isUnanswered } : {}),
    ...(pending > 0 ? { pending } : {}),
    ...(unconfirmed > 0 ? { unconfirmed } : {}),
    ...(dropped > 0 ? { dropped } : {}),
    ...formatProblems(problems),
  };
}

function formatProblems(problems: readonly Problem[]): LogFields {
  if (problems.length === 0) return {};
  const listed = problems.slice(0, maxProblemsListed).map(({ kind, where, message, retryAtMs }) => ({
    kind,
    where,
    message,
    ...(retryAtMs === undefined ? {} : { retryAt: new Date(retryAtMs).toISOString() }),
  }));
  return { problems: listed, ...(problems.length > listed.length ? { problemCount: problems.length } : {}) };
}
