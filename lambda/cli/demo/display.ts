import type { Batch } from '../../model/batch.ts';
import type { Outcome, RunReport } from '../../report/report.ts';
import { demoBlock, demoFrame, type DemoState, demoSummary } from './frame.ts';
import { openLiveScreen } from './live-screen.ts';
import { passRateText } from './pass-rate.ts';
import { queueRows, type QueueRow } from '../render/queue-rows.ts';
import { lookOf } from '../render/theme.ts';
import { createStarvedWatch } from './starved-watch.ts';
import type { Terminal } from '../terminal.ts';

/** Twice a second: the seconds of the countdown then never stand still for two. */
const redrawMs = 500;

export interface DisplayOptions {
  readonly title: string;
  readonly places: readonly string[];
  readonly isLive: boolean;
  readonly hasColoursRefused: boolean;
}

/** Shows the runs of a demo until it is disposed, and then how it went. */
export interface DemoDisplay extends Disposable {
  collected(batch: Batch): void;
  ran(report: RunReport, nextRunMs: number): void;
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

export function openDemoDisplay(options: DisplayOptions, terminal: Terminal): DemoDisplay {
  const { clock } = terminal;
  const startedMs = clock();
  const outcomes: Record<Outcome, number> = { ok: 0, degraded: 0, failed: 0 };
  const watch = createStarvedWatch();
  let rows: readonly QueueRow[] = [];
  let passRate: string | undefined;
  let report: RunReport | undefined;
  let nextRunMs: number | undefined;
  const state = (): DemoState => ({
    ...{ title: options.title, places: options.places, startedMs, rows, passRate, report, nextRunMs, outcomes },
    starvedFor: (row) => watch.starvedFor(row, clock()),
  });

  const canvas = options.isLive ? liveCanvas(options, terminal, state) : plainCanvas(options, terminal, state);
  return {
    collected: (batch) => {
      rows = queueRows(batch);
      passRate = passRateText(batch);
      watch.see(rows, clock());
    },
    ran: (ended, nextMs) => {
      report = ended;
      nextRunMs = nextMs;
      outcomes[ended.outcome] += 1;
      canvas.show();
    },
    outcomes,
    [Symbol.dispose]: () => {
      canvas.close();
    },
  };
}

interface Canvas {
  show(): void;
  close(): void;
}

/** The whole screen, redrawn in place; its last state stays in the scrollback. */
function liveCanvas({ hasColoursRefused }: DisplayOptions, terminal: Terminal, state: () => DemoState): Canvas {
  const { stdout, clock, onResize } = terminal;
  const screen = openLiveScreen(terminal);
  const show = (): void => {
    const { columns = 80, ...look } = lookOf(stdout, terminal, hasColoursRefused);
    // The last column stays free: clearing the rest of a line that fills it would take its last character.
    screen.draw(demoFrame(state(), { ...look, columns: columns - 1 }, clock()));
  };
  show();
  const timer = setInterval(show, redrawMs);
  const forgetResize = onResize(show);
  return {
    show,
    close: () => {
      clearInterval(timer);
      forgetResize();
      screen[Symbol.dispose]();
      const look = lookOf(stdout, terminal, hasColoursRefused);
      write(terminal, [...demoBlock(state(), look, clock()), demoSummary(state(), clock())]);
    },
  };
}

/** A block for each run. */
function plainCanvas({ hasColoursRefused }: DisplayOptions, terminal: Terminal, state: () => DemoState): Canvas {
  const look = lookOf(terminal.stdout, terminal, hasColoursRefused);
  const { clock } = terminal;
  const { title, places } = state();
  write(terminal, [look.paint('heading', title), ...places, '']);
  return {
    show: () => {
      write(terminal, [...demoBlock(state(), look, clock()), '']);
    },
    close: () => {
      write(terminal, [demoSummary(state(), clock())]);
    },
  };
}

function write({ stdout }: Terminal, lines: readonly string[]): void {
  stdout.write(`${lines.join('\n')}\n`);
}
