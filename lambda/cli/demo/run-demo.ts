import type { Outcome, RunReport } from '../../report/report.ts';
import { run } from '../../run.ts';
import { deadlineIn } from '../../runtime/deadline.ts';
import { ticks } from '../../runtime/tick-loop.ts';
import type { Arguments } from '../commands/parse-arguments.ts';
import { openDemoDisplay } from './display.ts';
import { type Demo, openDemo } from './session.ts';
import { demoSettings } from './settings.ts';
import { exitCodes, type ExitCode, type Terminal } from '../terminal.ts';
import { watched } from '../collect/watch-pipeline.ts';

/** A run on loopback takes milliseconds; only a dead --push or --remote-write target makes it wait. */
const longestRunMs = 10_000;

/** `demo`: a simulated fleet, the real pipeline, a live table. */
export async function runDemo(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const settings = demoSettings(args, terminal);
  await using demo = await openDemo(settings, terminal);
  using end = endOf(terminal.signal, settings.forMs);
  const { ok, degraded, failed } = await runs(demo, terminal, end);
  return failed > 0 && ok + degraded === 0 ? exitCodes.failed : exitCodes.ok;
}

async function runs(demo: Demo, terminal: Terminal, { signal, ran }: End): Promise<Readonly<Record<Outcome, number>>> {
  const { clock } = terminal;
  const intervalMs = demo.settings.everyMs;
  using display = openDemoDisplay(demo, terminal);
  const pipeline = watched(demo.built.pipeline, display);
  let before: RunReport | undefined;
  for await (const tickMs of ticks({ intervalMs, clock, signal })) {
    using deadline = deadlineIn(Math.max(intervalMs, longestRunMs), clock, signal);
    const report = await run(pipeline, { deadline, tickMs, before });
    // What Ctrl-C has cut off says nothing true.
    if (signal.aborted) break;
    before = report;
    display.ran(report, tickMs + intervalMs);
    ran();
  }
  return display.outcomes;
}

interface End extends Disposable {
  readonly signal: AbortSignal;
  /** Told after every run. */
  readonly ran: () => void;
}

/** Ctrl-C, or the time that `--for` allows, but not before a first run: a demo that shows nothing helps nobody. */
function endOf(interrupted: AbortSignal, forMs: number | undefined): End {
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
    ran: () => {
      state.hasRun = true;
      endIfDue();
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
