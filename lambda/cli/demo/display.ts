/** Shows the runs of the demo: as a live screen on a terminal, or as a block of lines for each run. */
import type { Batch } from '../../model/batch.ts';
import type { Outcome, RunReport } from '../../report/report.ts';
import { renderBlock, renderFrame, type DemoState, renderSummary } from './frame.ts';
import { openLiveScreen } from './live-screen.ts';
import { formatPassRate } from './pass-rate.ts';
import { mapQueueRows, type QueueRow } from '../../model/figures/queue-rows.ts';
import { chooseTheme } from '../render/theme.ts';
import { createStarvedWatch } from '../../model/figures/starved-watch.ts';
import type { Terminal } from '../terminal.ts';

/** Twice a second, so that the countdown shows every second. */
const redrawMs = 500;

export interface DisplayOptions {
  readonly title: string;
  readonly addresses: readonly string[];
  readonly isLive: boolean;
  readonly hasColoursRefused: boolean;
}

/** Shows the runs of a demo until it is disposed, and then how it went. */
export interface DemoDisplay extends Disposable {
  noteBatch(batch: Batch): void;
  showRun(report: RunReport, nextRunMs: number): void;
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
  const getState = (): DemoState => ({
    title: options.title,
    addresses: options.addresses,
    startedMs,
    rows,
    passRate,
    report,
    nextRunMs,
    outcomes,
    getStarvedMs: (row) => watch.getStarvedMs(row, clock()),
  });

  const canvas = options.isLive
    ? openLiveCanvas(options, terminal, getState)
    : openPlainCanvas(options, terminal, getState);
  return {
    noteBatch: (batch) => {
      rows = mapQueueRows(batch);
      passRate = formatPassRate(batch);
      watch.note(rows, clock());
    },
    showRun: (ended, nextMs) => {
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
function openLiveCanvas({ hasColoursRefused }: DisplayOptions, terminal: Terminal, state: () => DemoState): Canvas {
  const { stdout, clock, onResize } = terminal;
  const screen = openLiveScreen(terminal);
  const show = (): void => {
    const { columns = 80, ...theme } = chooseTheme(stdout, terminal, hasColoursRefused);
    // The last column stays free: clearing the rest of a line that fills it would take its last character.
    screen.draw(renderFrame(state(), { ...theme, columns: columns - 1 }, clock()));
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
      const theme = chooseTheme(stdout, terminal, hasColoursRefused);
      write(terminal, [...renderBlock(state(), theme, clock()), renderSummary(state(), clock())]);
    },
  };
}

/** A block for each run. */
function openPlainCanvas({ hasColoursRefused }: DisplayOptions, terminal: Terminal, state: () => DemoState): Canvas {
  const theme = chooseTheme(terminal.stdout, terminal, hasColoursRefused);
  const { clock } = terminal;
  const { title, addresses } = state();
  write(terminal, [theme.paint('heading', title), ...addresses, '']);
  return {
    show: () => {
      write(terminal, [...renderBlock(state(), theme, clock()), '']);
    },
    close: () => {
      write(terminal, [renderSummary(state(), clock())]);
    },
  };
}

function write({ stdout }: Terminal, lines: readonly string[]): void {
  stdout.write(`${lines.join('\n')}\n`);
}
