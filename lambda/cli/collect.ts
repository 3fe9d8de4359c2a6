import { deployedAs } from '../cost/deployed-as.ts';
import { monthlyCost } from '../cost/monthly-cost.ts';
import type { Batch } from '../model/batch.ts';
import { type Outcome, outcomeOf, type RunReport } from '../report/report.ts';
import { collect, run } from '../run.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { floorTo } from '../runtime/tick.ts';
import { ticks } from '../runtime/ticks.ts';
import type { Arguments } from './args.ts';
import { collectSettings } from './collect-settings.ts';
import { formatDuration } from './duration.ts';
import { showProgress } from './progress.ts';
import { countOf } from './render/figures.ts';
import { openSession, type Session } from './session.ts';
import { exitCodes, type ExitCode, type Terminal } from './terminal.ts';
import { watched } from './watched.ts';

const exitCodeOf = {
  ok: exitCodes.ok,
  degraded: exitCodes.degraded,
  failed: exitCodes.failed,
} as const satisfies Record<Outcome, ExitCode>;

/** `collect`: the pipeline of a configuration file, once or every few seconds. */
export async function runCollect(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const settings = collectSettings(args);
  const session = await openSession(settings, terminal);
  try {
    return settings.everyMs === undefined ? await once(session) : await repeatedly(session, settings.everyMs);
  } finally {
    await session.built.close();
  }
}

/**
 * A run by hand stands for its own second: nobody else publishes it, and the next one, sooner than the interval of the
 * configuration, must not find its tick taken.
 */
const finestTickMs = 1000;

async function once(session: Session): Promise<ExitCode> {
  const { clock } = session.terminal;
  const ended = await oneRun(session, floorTo(clock(), finestTickMs), undefined);
  if (ended !== undefined) return exitCodeOf[ended.outcome];
  session.terminal.stderr.write('interrupted before the run ended\n');
  return exitCodes.failed;
}

async function repeatedly(session: Session, intervalMs: number): Promise<ExitCode> {
  const { clock, signal, stdout } = session.terminal;
  const startedMs = clock();
  // Counted, not listed: it may run for months.
  const outcomes: Record<Outcome, number> = { ok: 0, degraded: 0, failed: 0 };
  let last: Outcome | undefined;
  let before: RunReport | undefined;
  for await (const dueMs of ticks({ intervalMs, clock, signal })) {
    if (session.settings.format === 'table' && last !== undefined) stdout.write('\n');
    const ended = await oneRun(session, floorTo(dueMs, Math.min(intervalMs, finestTickMs)), before);
    if (ended === undefined) break;
    before = ended.report;
    last = ended.outcome;
    outcomes[last] += 1;
  }
  session.terminal.stderr.write(`${summary(outcomes, clock() - startedMs)}\n`);
  return last === undefined ? exitCodes.failed : exitCodeOf[last];
}

interface Ended {
  readonly outcome: Outcome;
  /** Of what was delivered; a dry run has none. */
  readonly report: RunReport | undefined;
}

/** One run and its output; undefined when Ctrl-C cut it off, because half a run says nothing true. */
async function oneRun(session: Session, tickMs: number, before: RunReport | undefined): Promise<Ended | undefined> {
  const { clock, signal } = session.terminal;
  using deadline = deadlineIn(session.settings.timeoutMs, clock, signal);
  const context = { deadline, tickMs, before };
  return await (session.settings.isDryRun ? dryRun(session, context) : realRun(session, context));
}

type Context = Parameters<typeof run>[1];

async function realRun({ built, terminal, view }: Session, context: Context): Promise<Ended | undefined> {
  let batch: Batch | undefined;
  const { report } = await whileShowing(terminal, async (progress) => {
    const collected = (given: Batch): void => {
      batch = given;
    };
    return { report: await run(watched(built.pipeline, { ...progress, collected }), context) };
  });
  if (terminal.signal.aborted) return undefined;
  terminal.stdout.write(await view.ran({ report, batch }));
  return { outcome: report.outcome, report };
}

async function dryRun({ built, config, terminal, view }: Session, context: Context): Promise<Ended | undefined> {
  const { pipeline } = built;
  const startedAtMs = terminal.clock();
  const collected = await whileShowing(terminal, (progress) => collect(watched(pipeline, progress), context));
  if (terminal.signal.aborted) return undefined;
  const previews = await Promise.all(
    pipeline.sinks.map(async ({ id, sink }) => ({
      id,
      preview: await sink.preview(collected.batch, collected.laterHealth),
    })),
  );
  const plans = pipeline.sources.flatMap(({ id, source }) => {
    const plan = source.plan?.();
    return plan === undefined ? [] : [{ id, plan }];
  });
  const isAnythingLeftOut = previews.some(({ preview }) => preview.problems.length > 0);
  const ofSources = outcomeOf(collected.sources, []);
  const outcome = ofSources === 'ok' && isAnythingLeftOut ? 'degraded' : ofSources;
  const durationMs = terminal.clock() - startedAtMs;
  const { collector } = pipeline;
  const cost = monthlyCost(deployedAs(config, collected.later, previews));
  const run = { collector, startedAtMs, durationMs, outcome, collected, previews, plans, cost };
  terminal.stdout.write(await view.previewed(run));
  return { outcome, report: undefined };
}

async function whileShowing<Value>(
  terminal: Terminal,
  work: (progress: ReturnType<typeof showProgress>) => Promise<Value>,
): Promise<Value> {
  using progress = showProgress(terminal);
  return await work(progress);
}

/** `12 runs in 2m 00s: 11 ok, 1 degraded` */
function summary(outcomes: Readonly<Record<Outcome, number>>, durationMs: number): string {
  const counts = (['ok', 'degraded', 'failed'] as const)
    .map((outcome) => ({ outcome, count: outcomes[outcome] }))
    .filter(({ count }) => count > 0);
  const listed = counts.map(({ outcome, count }) => `${String(count)} ${outcome}`);
  const parts = listed.length === 0 ? '' : `: ${listed.join(', ')}`;
  const runs = counts.reduce((sum, { count }) => sum + count, 0);
  return `${countOf(runs, 'run')} in ${formatDuration(durationMs)}${parts}`;
}
