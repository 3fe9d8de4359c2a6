import type { Outcome, RunReport } from '../report/report.ts';
import { run } from '../run.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { ticks } from '../runtime/ticks.ts';
import type { Arguments } from './args.ts';
import { openDemoDisplay } from './demo-display.ts';
import { type Demo, openDemo } from './demo-session.ts';
import { demoSettings } from './demo-settings.ts';
import { exitCodes, type ExitCode, type Terminal } from './terminal.ts';
import { watched } from './watched.ts';

/** A run on loopback takes milliseconds; only a dead --push or --remote-write target makes it wait. */
const longestRunMs = 10_000;

/** `demo`: a simulated fleet, the real pipeline, a live table. */
export async function runDemo(args: Arguments, terminal: Terminal): Promise<ExitCode> {
  const settings = demoSettings(args, terminal);
  await using demo = await openDemo(settings, terminal);
  using end = endOf(terminal.signal, settings.forMs);
  const { ok, degraded, failed } = await runs(demo, terminal, end.signal);
  return failed > 0 && ok + degraded === 0 ? exitCodes.failed : exitCodes.ok;
}

async function runs(demo: Demo, terminal: Terminal, signal: AbortSignal): Promise<Readonly<Record<Outcome, number>>> {
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
  }
  return display.outcomes;
}

/** Ctrl-C, or the time that `--for` allows. */
function endOf(interrupted: AbortSignal, forMs: number | undefined): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController();
  const timer =
    forMs === undefined
      ? undefined
      : setTimeout(() => {
          over.abort();
        }, forMs);
  return {
    signal: AbortSignal.any([interrupted, over.signal]),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
