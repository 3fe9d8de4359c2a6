/** Runs the command `demo` until Ctrl-C, or until the time of `--for` is over. */
import type { Outcome, RunReport } from '../../report/report.ts';
import { run } from '../../run.ts';
import { createDeadline } from '../../runtime/deadline.ts';
import { generateTicks } from '../../runtime/tick-loop.ts';
import type { Arguments } from '../commands/parse-arguments.ts';
import { openDemoDisplay } from './display.ts';
import { type Demo, openDemo } from './session.ts';
import { parseDemoSettings } from './settings.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { watchPipeline } from '../collect/watch-pipeline.ts';

/** A run on loopback takes milliseconds; only a dead --push or --remote-write target makes it wait. */
const longestRunMs = 10_000;

/** `demo`: a simulated fleet, the real pipeline, a live table. */
export async function runDemo(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const settings = parseDemoSettings(args, terminal);
  await using demo = await openDemo(settings, terminal);
  using end = createEnd(terminal.signal, settings.forMs);
  const { ok, degraded, failed } = await runUntilEnd(demo, terminal, end);
  return failed > 0 && ok + degraded === 0 ? exitCodes.failed : exitCodes.ok;
}

async function runUntilEnd(
  demo: Demo,
  terminal: Terminal,
  { signal, noteRun }: End,
): Promise<Readonly<Record<Outcome, number>>> {
  const { clock } = terminal;
  const intervalMs = demo.settings.everyMs;
  using display = openDemoDisplay(demo, terminal);
  const pipeline = watchPipeline(demo.built.pipeline, display);
  let before: RunReport | undefined;
  for await (const tickMs of generateTicks({ intervalMs, clock, signal })) {
    using deadline = createDeadline(Math.max(intervalMs, longestRunMs), clock, signal);
    const report = await run(pipeline, { deadline, tickMs, before });
    // The figures of a run that Ctrl-C has interrupted are incomplete, so they are not shown.
    if (signal.aborted) break;
    before = report;
    display.showRun(report, tickMs + intervalMs);
    noteRun();
  }
  return display.outcomes;
}

interface End extends Disposable {
  readonly signal: AbortSignal;
  /** Told after every run. */
  readonly noteRun: () => void;
}

/** Ends at Ctrl-C, or when the time of `--for` is over and at least one run has ended. */
function createEnd(interrupted: AbortSignal, forMs: number | undefined): End {
  const over = new AbortController();
  const state = { hasRun: false, isDue: false };
  const endIfDue = (): void => {
    if (state.hasRun && state.isDue) over.abort();
  };
  const timer =
    forMs === undefined
      ? undefined
      : setTimeout(() => {
          state.isDue = true;
          endIfDue();
        }, forMs);
  return {
    signal: AbortSignal.any([interrupted, over.signal]),
    noteRun: () => {
      state.hasRun = true;
      endIfDue();
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
