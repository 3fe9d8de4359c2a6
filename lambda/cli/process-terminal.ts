import type { Output, Terminal } from './terminal.ts';

/** Closing connections takes milliseconds; a request that does not notice its abort must not hold the prompt. */
export const exitGraceMs = 1000;

/** What a shell reports for a process that Ctrl-C has killed (128 + SIGINT). */
const killedByInterrupt = 130;

/** The terminal of this process; made once, because it listens to the process's signals. */
export function processTerminal(): Terminal {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    variables: process.env,
    clock: Date.now,
    random: Math.random,
    signal: endOfUse(),
    onResize: (listener) => {
      process.stdout.on('resize', listener);
      return () => process.stdout.off('resize', listener);
    },
    onExit: (listener) => {
      process.on('exit', listener);
      return () => process.off('exit', listener);
    },
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      if (!stream.destroyed) stream.write(text);
    },
    isTty: stream.isTTY,
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  };
}

/** Aborts when the user wants to stop: the first signal ends the work in order, a second one at once. */
function endOfUse(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(killedByInterrupt);
      controller.abort(new DOMException(`received ${name}`, 'AbortError'));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `| head` has read enough: nothing is wrong, and nobody listens any more.
      if (error.code !== 'EPIPE') throw error;
      controller.abort(new DOMException('nobody reads the output', 'AbortError'));
    });
  }
  return controller.signal;
}
