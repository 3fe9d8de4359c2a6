import type { RequestMeter } from '../../http/port.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from '../../report/report.ts';
import { formatDuration } from './duration.ts';
import { table, type Cell, type Column } from './table.ts';
import { countOf, formatBytes, formatNumber } from './figures.ts';
import type { Look } from './theme.ts';
import { renderProblems } from './problems.ts';
import { verdict } from './signs.ts';

/** `● ok in 240 ms`, with the time of the tick. */
export function renderHeadline(report: RunReport, { paint, signs }: Look): string {
  const { text, style } = verdict(report.outcome, signs);
  const when = new Date(report.tickMs).toISOString().slice(0, 19).replace('T', ' ');
  return `${paint(style, text)} in ${formatDuration(report.durationMs)}  ${paint('faint', `${report.collector} · ${when} UTC`)}`;
}

const sourceColumns: readonly Column[] = [
  { title: 'SOURCE', shrinksTo: 12 },
  { title: 'STATUS' },
  { title: 'SAMPLES', align: 'right' },
  { title: 'TIME', align: 'right' },
  { title: 'ANSWERS' },
];

const sinkColumns: readonly Column[] = [
  { title: 'SINK', shrinksTo: 12 },
  { title: 'STATUS' },
  { title: 'ACCEPTED', align: 'right' },
  { title: 'TIME', align: 'right' },
  { title: 'SENT' },
];

export function renderSources(sources: readonly SourceOutcome[], look: Look): readonly string[] {
  const rows = sources.map((source): readonly Cell[] => [
    { text: source.id },
    verdict(source.status, look.signs),
    { text: formatNumber(source.samples) },
    { text: formatDuration(source.durationMs) },
    { text: [answersText(source.meter), overflowText(source)].filter((text) => text !== '').join(', ') },
  ]);
  return [...table(sourceColumns, rows, look), ...sources.flatMap((source) => skippedLine(source, look))];
}

/** Nothing of a skipped source is published; where another run has the same tick, no problem says why. */
function skippedLine({ id, skippedBecause }: SourceOutcome, { paint, signs }: Look): readonly string[] {
  if (skippedBecause === undefined) return [];
  return [`${paint('warning', signs.warning)} ${id} was skipped: ${skippedBecause}`];
}

export function renderSinks(sinks: readonly SinkOutcome[], look: Look): readonly string[] {
  // Of a run that was skipped no sink was asked.
  if (sinks.length === 0) return [];
  const rows = sinks.map((sink): readonly Cell[] => [
    { text: sink.id },
    verdict(sinkStatus(sink), look.signs),
    { text: formatNumber(sink.accepted) },
    { text: formatDuration(sink.durationMs) },
    { text: `${countOf(sink.requests, 'request')}, ${formatBytes(sink.bytes)}${answerText(sink)}` },
  ]);
  return table(sinkColumns, rows, look);
}

/** Success cannot be known of a protocol that answers nothing. */
function answerText({ isUnanswered }: SinkOutcome): string {
  return isUnanswered === true ? ', not answered' : '';
}

function sinkStatus({ accepted, problems }: SinkOutcome): SourceOutcome['status'] {
  if (problems.length === 0) return 'complete';
  return accepted > 0 ? 'partial' : 'failed';
}

/** `3 × 2xx, 1 × none`, and what is left of the quota where the CI system tells. */
function answersText({ attempts, quota }: RequestMeter): string {
  const answers = [...attempts]
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${String(count)} × ${status}`);
  const left = quota === undefined ? [] : [`${formatNumber(quota.remaining)} requests left`];
  return [...answers, ...left].join(', ');
}

function overflowText({ overflow }: SourceOutcome): string {
  return overflow === 0 ? '' : `${formatNumber(overflow)} series folded into #other#`;
}

/** The problems of all sources and sinks under a heading; nothing where there are none. */
export function renderAllProblems(
  report: Pick<RunReport, 'sources'> & Partial<Pick<RunReport, 'sinks'>>,
  look: Look,
  nowMs: number,
): readonly string[] {
  const problems = [...report.sources, ...(report.sinks ?? [])].flatMap((part) => part.problems);
  if (problems.length === 0) return [];
  return [look.paint('heading', 'Problems'), ...renderProblems(problems, look, nowMs)];
}
