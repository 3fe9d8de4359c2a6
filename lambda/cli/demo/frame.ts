/** Makes the lines that the demo shows of one moment. */
import { collectProblems, type Outcome, type RunReport } from '../../report/report.ts';
import { formatDuration, formatElapsed } from '../render/duration.ts';
import type { QueueRow } from '../../model/figures/queue-rows.ts';
import { formatCount, formatNumber } from '../render/figures.ts';
import type { Theme } from '../render/theme.ts';
import { renderProblems } from '../render/problems.ts';
import { renderQueues, renderTotals, type GetStarvedMs } from '../render/queues.ts';
import { describeStatus } from '../render/signs.ts';

/** What the demo knows at one moment. */
export interface DemoState {
  readonly title: string;
  readonly startedMs: number;
  readonly rows: readonly QueueRow[];
  readonly getStarvedMs: GetStarvedMs;
  /** How many builds passed; absent until one has finished. */
  readonly passRate: string | undefined;
  /** Of the last run; absent before the first has ended. */
  readonly report: RunReport | undefined;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly nextRunMs: number | undefined;
  /** Each line names a place where the metrics can be seen. */
  readonly addresses: readonly string[];
}

/** The whole screen. */
export function renderFrame(state: DemoState, theme: Theme, nowMs: number): readonly string[] {
  const { paint } = theme;
  return [
    `${paint('heading', state.title)}  ${paint('faint', `running for ${formatElapsed(nowMs - state.startedMs)}`)}`,
    '',
    ...renderQueueLines(state, theme),
    '',
    ...renderHealth(state, theme, nowMs),
    ...state.addresses,
    '',
    paint('faint', `${formatNextRun(state, nowMs)}Ctrl-C ends`),
  ];
}

/** One block for one run, where nothing can be redrawn. */
export function renderBlock(state: DemoState, theme: Theme, nowMs: number): readonly string[] {
  const at = theme.paint('faint', `after ${formatDuration(nowMs - state.startedMs)}`);
  return [at, ...renderQueueLines(state, theme), ...renderHealth(state, theme, nowMs)];
}

function renderQueueLines({ rows, getStarvedMs, report, passRate }: DemoState, theme: Theme): readonly string[] {
  if (report === undefined) return ['reading the first figures …'];
  const totals = renderTotals(rows, theme.columns);
  return [...renderQueues(rows, theme, getStarvedMs), ...totals, ...(passRate === undefined ? [] : [passRate])];
}

function renderHealth({ report, outcomes }: DemoState, theme: Theme, nowMs: number): readonly string[] {
  if (report === undefined) return [];
  const { text, style } = describeStatus(report.outcome, theme.signs);
  const up = report.sources.filter(({ status }) => status === 'complete').length;
  const sinks = report.sinks.map(({ name, accepted }) => `${name} ${formatCount(accepted, 'sample')}`);
  const problems = collectProblems(report);
  const facts = [
    `${theme.paint(style, text)} in ${formatDuration(report.durationMs)}`,
    `${String(up)} of ${formatCount(report.sources.length, 'source')} up`,
    formatCount(problems.length, 'problem'),
    `runs: ${formatRuns(outcomes)}`,
  ];
  return [
    `collector  ${facts.join(' · ')}`,
    `delivered  ${sinks.join(' · ')}`,
    ...renderProblems(problems, theme, nowMs),
  ];
}

/** The last line: how it went. */
export function renderSummary({ outcomes, startedMs }: DemoState, nowMs: number): string {
  const count = outcomes.ok + outcomes.degraded + outcomes.failed;
  return `${formatCount(count, 'run')} in ${formatDuration(nowMs - startedMs)}: ${formatRuns(outcomes)}`;
}

/** `12 ok`, and the others where there are any. */
function formatRuns(outcomes: Readonly<Record<Outcome, number>>): string {
  const others = (['degraded', 'failed'] as const).filter((outcome) => outcomes[outcome] > 0);
  return ['ok' as const, ...others].map((outcome) => `${formatNumber(outcomes[outcome])} ${outcome}`).join(', ');
}

function formatNextRun({ nextRunMs }: DemoState, nowMs: number): string {
  if (nextRunMs === undefined) return '';
  return nextRunMs <= nowMs ? 'collecting … · ' : `next run in ${String(Math.ceil((nextRunMs - nowMs) / 1000))} s · `;
}
