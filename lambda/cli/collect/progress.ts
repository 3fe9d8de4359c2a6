/** Shows which sources and sinks a run waits for, while it waits. */
import { formatDuration } from '../render/duration.ts';
import { escapes } from '../render/escapes.ts';
import type { Terminal } from '../terminal.ts';
import { cutToWidth, makePrintable } from '../render/text-width.ts';

/** Tells what a run waits for, while it waits; silent where standard error is no terminal. */
export interface Progress extends Disposable {
  noteStart(id: string): void;
  noteEnd(id: string): void;
}

/** Nothing is shown of a run that is faster. */
const patienceMs = 400;
const redrawMs = 100;
const spinner = ['|', '/', '-', '\\'] as const;

export function showProgress({ stderr, clock }: Pick<Terminal, 'stderr' | 'clock'>): Progress {
  const waiting = new Set<string>();
  const startedMs = clock();
  let frames = 0;
  const draw = (): void => {
    const waitedMs = clock() - startedMs;
    if (waitedMs < patienceMs || waiting.size === 0) return;
    const sign = spinner[frames++ % spinner.length] ?? '';
    const text = makePrintable(`${sign} waiting for ${[...waiting].join(', ')} (${formatDuration(waitedMs)})`);
    stderr.write(escapes.clear.line + cutToWidth(text, stderr.size().columns - 1));
  };
  const timer = stderr.isTty ? setInterval(draw, redrawMs) : undefined;
  return {
    noteStart: (id) => {
      waiting.add(id);
    },
    noteEnd: (id) => {
      waiting.delete(id);
    },
    [Symbol.dispose]: () => {
      clearInterval(timer);
      if (frames > 0) stderr.write(escapes.clear.line);
    },
  };
}
