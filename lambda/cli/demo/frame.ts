import type { Outcome, RunReport } from '../../report/report.ts';
import { formatDuration, formatElapsed } from '../render/duration.ts';
import type { QueueRow } from '../render/queue-rows.ts';
import { countOf, formatNumber } from '../render/figures.ts';
import type { Look } from '../render/theme.ts';
import { renderProblems } from '../render/problems.ts';
import { renderQueues, renderTotals, type StarvedFor } from '../render/queues.ts';
import { verdict } from '../render/signs.ts';

/** What the demo knows at one moment. */
export interface DemoState {
  readonly title: string;
  readonly startedMs: number;
  readonly rows: readonly QueueRow[];
  readonly starvedFor: StarvedFor;
  /** How many builds passed; absent until one has finished. */
  readonly passRate: string | undefined;
  /** Of the last run; absent before the first has ended. */
  readonly report: RunReport | undefined;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly nextRunMs: number | undefined;
  /** Each line names a place where the metrics can be seen. */
  readonly places: readonly string[];
}

/** The whole screen. */
export function demoFrame(state: DemoState, look: Look, nowMs: number): readonly string[] {
  const { paint } = look;
  return [
    `${paint('heading', state.title)}  ${paint('faint', `running for ${formatElapsed(nowMs - state.startedMs)}`)}`,
    '',
    ...queueLines(state, look),
    '',
    ...healthLines(state, look, nowMs),
    ...state.places,
    '',
    paint('faint', `${nextRun(state, nowMs)}Ctrl-C ends`),
  ];
}

/** One block for one run, where nothing can be redrawn. */
export function demoBlock(state: DemoState, look: Look, nowMs: number): readonly string[] {
  const at = look.paint('faint', `after ${formatDuration(nowMs - state.startedMs)}`);
  return [at, ...queueLines(state, look), ...healthLines(state, look, nowMs)];
}

function queueLines({ rows, starvedFor, report, passRate }: DemoState, look: Look): readonly string[] {
  if (report === undefined) return ['reading the first figures …'];
  const totals = renderTotals(rows, look.columns);
  return [...renderQueues(rows, look, starvedFor), ...totals, ...(passRate === undefined ? [] : [passRate])];
}

function healthLines({ report, outcomes }: DemoState, look: Look, nowMs: number): readonly string[] {
  if (report === undefined) return [];
  const { text, style } = verdict(report.outcome, look.signs);
  const up = report.sources.filter(({ status }) => status === 'complete').length;
  const sinks = report.sinks.map(({ name, accepted }) => `${name} ${countOf(accepted, 'sample')}`);
  const problems = [...report.sources, ...report.sinks].flatMap((part) => part.problems);
  const facts = [
    `${look.paint(style, text)} in ${formatDuration(report.durationMs)}`,
    `${String(up)} of ${countOf(report.sources.length, 'source')} up`,
    countOf(problems.length, 'problem'),
    `runs: ${runsText(outcomes)}`,
  ];
  return [
    `collector  ${facts.join(' · ')}`,
    `delivered  ${sinks.join(' · ')}`,
    ...renderProblems(problems, look, nowMs),
  ];
}

/** The last line: how it went. */
export function demoSummary({ outcomes, startedMs }: DemoState, nowMs: number): string {
  const count = outcomes.ok + outcomes.degraded + outcomes.failed;
  return `${countOf(count, 'run')} in ${formatDuration(nowMs - startedMs)}: ${runsText(outcomes)}`;
}

/** `12 ok`, and the others where there are any. */
function runsText(outcomes: Readonly<Record<Outcome, number>>): string {
  const others = (['degraded', 'failed'] as const).filter((outcome) => outcomes[outcome] > 0);
  return ['ok' as const, ...others].map((outcome) => `${formatNumber(outcomes[outcome])} ${outcome}`).join(', ');
}

function nextRun({ nextRunMs }: DemoState, nowMs: number): string {
  if (nextRunMs === undefined) return '';
  return nextRunMs <= nowMs ? 'collecting … · ' : `next run in ${String(Math.ceil((nextRunMs - nowMs) / 1000))} s · `;
}
