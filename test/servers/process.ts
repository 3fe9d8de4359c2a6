/** Starts server processes for tests on free ports, and ends them with their test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Asked every few milliseconds until true; a rejection counts as "not yet". */
  readonly ready: () => Promise<boolean>;
  /** Default: 90 seconds. */
  readonly readyWithinMs?: number;
}

export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** The newest part of what it has written to standard output and standard error. */
  output(): string;
  /** Ends it by SIGTERM, then by SIGKILL, and waits until it is gone. */
  stop(): Promise<void>;
}

/** Enough for the message that explains a failed start. */
const keptOutput = 16_384;

const pollEveryMs = 25;

/** A server that has not ended by then ignores SIGTERM. */
const termGraceMs = 5_000;

/** A port of 127.0.0.1 on which nothing listens right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the operating system gave no port');
  return address.port;
}

/** Starts a child process and resolves when it is ready. @throws with its output when it ends or hangs before. */
async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(options.command, options.args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const running = watch(child);
  try {
    await untilReady(options, child, running);
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/**
 * As `startProcess`, on a free port. Between the choice of a port and its use another process can take it, so a child
 * that dies of that is started again on another one.
 */
export async function startOnFreePort(
  optionsFor: (port: number) => ProcessOptions,
): Promise<{ readonly process: RunningProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return { process: await startProcess(optionsFor(port)), port };
    } catch (error) {
      const isTaken = error instanceof Error && /address already in use|EADDRINUSE/i.test(error.message);
      if (!isTaken || attempt === 3) throw error;
    }
  }
}

/** True when `url` answers 200: the readiness of most servers. */
export async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  await response.arrayBuffer();
  return response.status === 200;
}

/** Asks again until `isMet` accepts the answer, for servers that show data some time after they took it. */
export async function eventually<Value>(
  ask: () => Promise<Value>,
  isMet: (value: Value) => boolean,
  withinMs = 60_000,
): Promise<Value> {
  const endsAtMs = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (isMet(value)) return value;
    if (Date.now() >= endsAtMs)
      throw new Error(`not met within ${String(withinMs)} ms; the last answer was ${JSON.stringify(value)}`);
    await sleep(100);
  }
}

function watch(child: ChildProcess): RunningProcess {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-keptOutput);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => {
    output += error.message;
  });
  // A test process that is ended from outside must not leave servers behind.
  const killNow = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', killNow);
  const gone = new Promise<void>((resolve) => {
    const settle = (): void => {
      process.off('exit', killNow);
      resolve();
    };
    child.once('close', settle);
    child.once('error', settle);
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(killNow, termGraceMs);
    await gone;
    clearTimeout(timer);
  };
  return { pid: child.pid ?? -1, output: () => output, stop, [Symbol.asyncDispose]: stop };
}

async function untilReady(options: ProcessOptions, child: ChildProcess, running: RunningProcess): Promise<void> {
  const { name, ready, readyWithinMs = 90_000 } = options;
  const endsAtMs = Date.now() + readyWithinMs;
  while (!(await isReady(ready))) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      await running.stop();
      throw new Error(`${name} ended before it was ready:\n${running.output()}`);
    }
    if (Date.now() >= endsAtMs)
      throw new Error(`${name} was not ready within ${String(readyWithinMs)} ms:\n${running.output()}`);
    await sleep(pollEveryMs);
  }
}

async function isReady(ready: () => Promise<boolean>): Promise<boolean> {
  try {
    return await ready();
  } catch {
    return false;
  }
}
