/** The terminal of this process: its streams, its environment, and the ways in which its use ends. */
import { fstatSync, writeSync } from 'node:fs';
import type { Program } from './program.ts';
import { exitCodes, type Output, type Terminal } from './terminal.ts';

/** Closing connections takes milliseconds; a request that does not notice its abort must not hold the prompt. */
export const exitGraceMs = 1000;

/** What a shell reports for a process that Ctrl-C has killed (128 + SIGINT). */
const killedByInterrupt = 130;

/** The terminal of this process; made once, because it listens to the process's signals. */
export function openProcessTerminal(program: Program): Terminal {
  const signal = watchEndOfUse();
  return {
    program,
    ask: process.stdin.isTTY && process.stdout.isTTY ? (question) => askLine(question, signal) : undefined,
    stdout: createOutput(process.stdout, 1),
    stderr: createOutput(process.stderr, 2),
    variables: process.env,
    clock: Date.now,
    random: Math.random,
    signal,
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

/** Loaded when needed: most commands ask nothing. */
async function askLine(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}

function createOutput(stream: NodeJS.WriteStream, descriptor: number): Output {
  return {
    write: createWriter(stream, descriptor),
    isTty: stream.isTTY,
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  };
}

function createWriter(stream: NodeJS.WriteStream, descriptor: number): (text: string) => void {
  if (!isFile(descriptor)) {
    return (text) => {
      if (!stream.destroyed) stream.write(text);
    };
  }
  return (text) => {
    if (stream.destroyed) return;
    try {
      writeAll(descriptor, Buffer.from(text));
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error('it cannot be written', { cause: error }));
    }
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    // The process was started with this descriptor closed.
    return false;
  }
}

/** Writes until all bytes are written: Node's own stream to a file ignores that a full disk has taken only a part. */
function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

/** Aborts when the user wants to stop: the first signal ends the work in order, a second one at once. */
function watchEndOfUse(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(killedByInterrupt);
      controller.abort(new DOMException(`received ${name}`, 'AbortError'));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // With EPIPE the reader has ended, such as `| head`, which has read enough: that is no error.
      if (error.code !== 'EPIPE') failOnExit(error, stream);
      controller.abort(new DOMException('nobody reads the output', 'AbortError'));
    });
  }
  return controller.signal;
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free space',
  EDQUOT: 'the quota of this user is used up; free space',
  EFBIG: 'the file is as large as this file system or process allows (ulimit -f)',
};

function describeReason({ code = 'unknown error' }: NodeJS.ErrnoException): string {
  const known = reasons[code];
  return known === undefined ? code : `${known} (${code})`;
}

/** An output that was not written completely makes the exit code 1, even when all else went well. */
function failOnExit(error: NodeJS.ErrnoException, stream: NodeJS.WriteStream): void {
  process.once('exit', () => {
    process.exitCode = exitCodes.failed;
  });
  // A problem of standard error itself has no other place where it could be written.
  if (stream === process.stdout) {
    process.stderr.write(`error: standard output cannot be written completely: ${describeReason(error)}\n`);
  }
}
