/** Runs the command `collect`: once or every few seconds, for real or as a dry run. */
import type { SinkPreview } from '../../cost/monthly-cost.ts';
import { priceAsDeployed } from '../../cost/price-deployment.ts';
import type { Batch } from '../../model/batch.ts';
import type { Problem } from '../../model/problem.ts';
import type { RunContext } from '../../pipeline.ts';
import { collectProblems, type Outcome, determineOutcome, type RunReport } from '../../report/report.ts';
import { collect, type Previewed, run } from '../../run.ts';
import { createDeadline } from '../../runtime/deadline.ts';
import { roundDownTo } from '../../runtime/scheduled-tick.ts';
import { generateTicks } from '../../runtime/tick-loop.ts';
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';
import { parseCollectSettings } from './settings.ts';
import { makePrintable } from '../render/text-width.ts';
import { formatDuration } from '../render/duration.ts';
import { describeInterruption } from './interruption.ts';
import { showProgress } from './progress.ts';
import { formatCount } from '../render/figures.ts';
import { openSession, type Session } from './session.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { watchPipeline } from './watch-pipeline.ts';

const exitCodeOf = {
  ok: exitCodes.ok,
  degraded: exitCodes.degraded,
  failed: exitCodes.failed,
} as const satisfies Record<Outcome, ExitCode>;

/** `collect`: the pipeline of a configuration file, once or every few seconds. */
export async function runCollect(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const settings = parseCollectSettings(args);
  const session = await openSession(settings, terminal);
  try {
    if (settings.everyMs === undefined) return await runOnce(session);
    if (!settings.isDryRun) await openPages(session);
    return await runRepeatedly(session, settings.everyMs);
  } finally {
    await session.built.close();
  }
}

/** Before the first run: an address that is taken ends the command instead of making every run a failed one. */
async function openPages({ built, settings, terminal }: Session): Promise<void> {
  using deadline = createDeadline(settings.timeoutMs, terminal.clock, terminal.signal);
  for (const { metrics, page } of await built.open(deadline.signal)) {
    terminal.stderr.write(`serves ${metrics}\n`);
    if (page !== undefined) terminal.stderr.write(`look at ${page}\n`);
  }
}

/**
 * The tick of a run by hand is its second and not the interval of the configuration: two runs within one interval then
 * have two ticks, and neither is skipped as one that was published before.
 */
const finestTickMs = 1000;

async function runOnce(session: Session): Promise<ExitCode> {
  const { clock } = session.terminal;
  if (!session.settings.isDryRun) warnOfPages(session);
  const ended = await runTick(session, roundDownTo(clock(), finestTickMs), undefined);
  return ended === undefined ? exitCodes.failed : chooseExitCode(ended);
}

/** Warns of pages, which end with this run, before a scrape comes. @throws UsageError where there is no other sink. */
function warnOfPages({ built, terminal }: Session): void {
  const { sinks } = built.pipeline;
  const pages = sinks.filter(({ sink }) => sink.open !== undefined);
  if (pages.length === sinks.length)
    throw new UsageError(
      'a page to scrape is the only sink, and it ends with the run: nobody could scrape it; keep it with --every TIME, or look at it with --dry-run --format prometheus',
    );
  for (const { id } of pages) terminal.stderr.write(`the page of ${id} ends with this run; --every TIME keeps it\n`);
}

async function runRepeatedly(session: Session, intervalMs: number): Promise<ExitCode> {
  const { clock, signal, stdout } = session.terminal;
  const startedMs = clock();
  // Counted, not listed: it may run for months.
  const outcomes: Record<Outcome, number> = { ok: 0, degraded: 0, failed: 0 };
  let last: EndedRun | undefined;
  let before: RunReport | undefined;
  for await (const dueMs of generateTicks({ intervalMs, clock, signal })) {
    if (session.settings.format === 'table' && !session.settings.isQuiet && last !== undefined) stdout.write('\n');
    const ended = await runTick(session, roundDownTo(dueMs, Math.min(intervalMs, finestTickMs)), before);
    if (ended === undefined) break;
    before = ended.report;
    last = ended;
    outcomes[ended.outcome] += 1;
  }
  if (!session.settings.isQuiet) session.terminal.stderr.write(`${formatRunSummary(outcomes, clock() - startedMs)}\n`);
  return last === undefined ? exitCodes.failed : chooseExitCode(last);
}

interface EndedRun {
  readonly outcome: Outcome;
  /** Of every source and sink. */
  readonly problems: readonly Problem[];
  /** Of what was delivered; a dry run has none. */
  readonly report: RunReport | undefined;
}

/** A refused credential has an exit code of its own: a script that starts the command again would fail again. */
function chooseExitCode({ outcome, problems }: EndedRun): ExitCode {
  const isRefused = problems.some(({ kind }) => kind === 'auth');
  return outcome === 'failed' && isRefused ? exitCodes.refused : exitCodeOf[outcome];
}

/** One run and its output; undefined when Ctrl-C interrupted it, because its figures are incomplete. */
async function runTick(session: Session, tickMs: number, before: RunReport | undefined): Promise<EndedRun | undefined> {
  const { clock, signal } = session.terminal;
  using deadline = createDeadline(session.settings.timeoutMs, clock, signal);
  const context = { deadline, tickMs, before };
  return await (session.settings.isDryRun ? runDry(session, context) : runAndDeliver(session, context));
}

async function runAndDeliver(
  { built, terminal, view, settings }: Session,
  context: RunContext,
): Promise<EndedRun | undefined> {
  let batch: Batch | undefined;
  const delivery: { hasBegun: boolean } = { hasBegun: false };
  const { report } = await showWhile(terminal, async (progress) => {
    const keepBatch = (given: Batch): void => {
      batch = given;
      delivery.hasBegun = !terminal.signal.aborted;
    };
    return { report: await run(watchPipeline(built.pipeline, { ...progress, noteBatch: keepBatch }), context) };
  });
  if (terminal.signal.aborted) {
    terminal.stderr.write(delivery.hasBegun ? describeInterruption(report.sinks) : beforeDelivery);
    return undefined;
  }
  const isShown = !settings.isQuiet || report.outcome !== 'ok';
  if (isShown) terminal.stdout.write(await view.renderRun({ report, batch }));
  return { outcome: report.outcome, problems: collectProblems(report), report };
}

const beforeDelivery = 'interrupted before the run ended; nothing was sent\n';

async function runDry(
  { built, config, terminal, view, settings }: Session,
  context: RunContext,
): Promise<EndedRun | undefined> {
  const { pipeline } = built;
  const startedAtMs = terminal.clock();
  const collected = await showWhile(terminal, (progress) => collect(watchPipeline(pipeline, progress), context));
  if (terminal.signal.aborted) {
    terminal.stderr.write(beforeDelivery);
    return undefined;
  }
  const previews = await previewSinks(built, collected, context.deadline.signal);
  // The text exposition has no place for what is wrong.
  if (settings.format === 'prometheus') terminal.stderr.write(listProblems(previews));
  const plans = pipeline.sources.flatMap(({ id, source }) => {
    const plan = source.plan?.();
    return plan === undefined ? [] : [{ id, plan }];
  });
  const isAnythingLeftOut = previews.some(({ preview }) => preview.problems.length > 0);
  const ofSources = determineOutcome(collected.sources, []);
  const outcome = ofSources === 'ok' && isAnythingLeftOut ? 'degraded' : ofSources;
  const durationMs = terminal.clock() - startedAtMs;
  const { collector } = pipeline;
  const price = priceAsDeployed(config, collected.later, previews);
  const run = { collector, startedAtMs, durationMs, outcome, collected, previews, plans, price };
  if (!settings.isQuiet || outcome !== 'ok') terminal.stdout.write(await view.renderDryRun(run));
  const problems = collectProblems(collected);
  return { outcome, problems, report: undefined };
}

/** What each sink would send, and which of its secrets would stop it. */
async function previewSinks(
  { pipeline, checkSinkSecrets }: Session['built'],
  { batch, laterHealth }: Previewed,
  signal: AbortSignal,
): Promise<readonly SinkPreview[]> {
  const unreadable = await checkSinkSecrets(signal);
  return await Promise.all(
    pipeline.sinks.map(async ({ id, sink }) => {
      const preview = await sink.preview(batch, laterHealth);
      return { id, preview: { ...preview, problems: [...(unreadable.get(id) ?? []), ...preview.problems] } };
    }),
  );
}

function listProblems(previews: readonly SinkPreview[]): string {
  const problems = previews.flatMap(({ preview }) => preview.problems);
  return problems.map(({ where, message }) => `${makePrintable(`${where}: ${message}`)}\n`).join('');
}

async function showWhile<Value>(
  terminal: Terminal,
  work: (progress: ReturnType<typeof showProgress>) => Promise<Value>,
): Promise<Value> {
  using progress = showProgress(terminal);
  return await work(progress);
}

/** `12 runs in 2m 00s: 11 ok, 1 degraded` */
function formatRunSummary(outcomes: Readonly<Record<Outcome, number>>, durationMs: number): string {
  const counts = (['ok', 'degraded', 'failed'] as const)
    .map((outcome) => ({ outcome, count: outcomes[outcome] }))
    .filter(({ count }) => count > 0);
  const listed = counts.map(({ outcome, count }) => `${String(count)} ${outcome}`);
  const parts = listed.length === 0 ? '' : `: ${listed.join(', ')}`;
  const runs = counts.reduce((sum, { count }) => sum + count, 0);
  return `${formatCount(runs, 'run')} in ${formatDuration(durationMs)}${parts}`;
}
