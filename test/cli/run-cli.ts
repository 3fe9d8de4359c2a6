/** Starts the real program in a process of its own, for tests of the command line. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
/** A wait that ends nothing would keep the process under test alive; far more than any test needs. */
export const patienceMs = 90_000;
export const mainFile = join(root, 'lambda/cli/main.ts');

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli extends AsyncDisposable {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves once standard output matches; rejects when the process ends without it. */
  readonly printed: (pattern: RegExp, withinMs?: number) => Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

/** What a started program gets of this process's environment: where programs are, and what is compiled of them. */
export function pickInherited(): Readonly<Record<string, string>> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  return { PATH, NODE_COMPILE_CACHE };
}

/** The real program in a process of its own, with nothing of this process's environment but what it needs. */
export function startCli(argv: readonly string[], variables: Readonly<Record<string, string>> = {}): RunningCli {
  const child = spawn(process.execPath, [mainFile, ...argv], {
    cwd: root,
    env: { ...pickInherited(), ...variables },
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const { promise: ended, resolve } = Promise.withResolvers<Ended>();
  child.once('close', (exitCode, signal) => {
    resolve({ exitCode, signal, ...written });
  });
  return {
    child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    printed: (pattern, withinMs = patienceMs) => printed(child, () => written, { pattern, withinMs }),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function printed(
  child: ChildProcessWithoutNullStreams,
  written: () => { readonly stdout: string; readonly stderr: string },
  { pattern, withinMs }: { readonly pattern: RegExp; readonly withinMs: number },
): Promise<RegExpExecArray> {
  const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
  const look = (): void => {
    const found = pattern.exec(written().stdout);
    if (found !== null) resolve(found);
  };
  const end = (): void => {
    reject(new Error(`did not print ${String(pattern)}:\n${JSON.stringify(written(), undefined, 2)}`));
  };
  child.stdout.on('data', look);
  child.on('close', end);
  const timer = setTimeout(end, withinMs);
  look();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.stdout.off('data', look);
    child.off('close', end);
  }
}

export async function runCli(argv: readonly string[], variables?: Readonly<Record<string, string>>): Promise<Ended> {
  await using running = startCli(argv, variables);
  return await running.ended;
}
