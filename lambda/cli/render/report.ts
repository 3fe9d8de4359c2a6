/** Writes the report of a run: its outcome, its sources, its sinks and their problems. */
import type { RequestMeter } from '../../http/port.ts';
import { collectProblems, type RunReport, type SinkOutcome, type SourceOutcome } from '../../report/report.ts';
import { formatDuration } from './duration.ts';
import { renderTable, type Cell, type Column } from './table.ts';
import { formatCount, formatBytes, formatNumber } from './figures.ts';
import type { Theme } from './theme.ts';
import { renderProblems } from './problems.ts';
import { describeStatus } from './signs.ts';

/** `● ok in 240 ms`, with the time of the tick. */
export function renderHeadline(report: RunReport, { paint, signs }: Theme): string {
  const { text, style } = describeStatus(report.outcome, signs);
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

export function renderSources(sources: readonly SourceOutcome[], theme: Theme): readonly string[] {
  const rows = sources.map((source): readonly Cell[] => [
    { text: source.id },
    describeStatus(source.status, theme.signs),
    { text: formatNumber(source.samples) },
    { text: formatDuration(source.durationMs) },
    { text: [formatAnswers(source.meter), formatOverflow(source)].filter((text) => text !== '').join(', ') },
  ]);
  return [...renderTable(sourceColumns, rows, theme), ...sources.flatMap((source) => renderSkipped(source, theme))];
}

/** Nothing of a skipped source is published; where another run has the same tick, no problem says why. */
function renderSkipped({ id, skippedBecause }: SourceOutcome, { paint, signs }: Theme): readonly string[] {
  if (skippedBecause === undefined) return [];
  return [`${paint('warning', signs.warning)} ${id} was skipped: ${skippedBecause}`];
}

export function renderSinks(sinks: readonly SinkOutcome[], theme: Theme): readonly string[] {
  // A run that was skipped has sent nothing to any sink.
  if (sinks.length === 0) return [];
  const rows = sinks.map((sink): readonly Cell[] => [
    { text: sink.id },
    describeStatus(judgeSink(sink), theme.signs),
    { text: formatNumber(sink.accepted) },
    { text: formatDuration(sink.durationMs) },
    { text: `${formatCount(sink.requests, 'request')}, ${formatBytes(sink.bytes)}${formatAnswer(sink)}` },
  ]);
  return renderTable(sinkColumns, rows, theme);
}

/** Says that the protocol of the sink has no answers, so that success is not known. */
function formatAnswer({ isUnanswered }: SinkOutcome): string {
  return isUnanswered === true ? ', not answered' : '';
}

function judgeSink({ accepted, problems }: SinkOutcome): SourceOutcome['status'] {
  if (problems.length === 0) return 'complete';
  return accepted > 0 ? 'partial' : 'failed';
}

/** `3 × 2xx, 1 × none`, and what is left of the rate limit where the CI system tells. */
function formatAnswers({ attempts, rateLimit }: RequestMeter): string {
  const answers = [...attempts]
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${String(count)} × ${status}`);
  const left = rateLimit === undefined ? [] : [`${formatNumber(rateLimit.remaining)} requests left`];
  return [...answers, ...left].join(', ');
}

function formatOverflow({ overflow }: SourceOutcome): string {
  return overflow === 0 ? '' : `${formatNumber(overflow)} series folded into #other#`;
}

/** The problems of all sources and sinks under a heading; nothing where there are none. */
export function renderAllProblems(
  report: Pick<RunReport, 'sources'> & Partial<Pick<RunReport, 'sinks'>>,
  theme: Theme,
  nowMs: number,
): readonly string[] {
  const problems = collectProblems(report);
  if (problems.length === 0) return [];
  return [theme.paint('heading', 'Problems'), ...renderProblems(problems, theme, nowMs)];
}
