/** Starts the real program on a pseudo-terminal, for tests of what only a terminal gets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mainFile, patienceMs, pickInherited, root } from './run-cli.ts';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly variables?: Readonly<Record<string, string>>;
}

export interface InTerminal extends AsyncDisposable {
  /** Keys, as the keyboard sends them. */
  readonly type: (keys: string) => void;
  readonly shown: (pattern: RegExp) => Promise<void>;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly output: string }>;
}

/** The real program on a pseudo-terminal, by util-linux' `script`. */
export function startInTerminal(argv: readonly string[], options: TerminalOptions = {}): InTerminal {
  const { columns = 100, rows = 30, variables = {} } = options;
  const call = [process.execPath, mainFile, ...argv].map((part) => `'${part}'`).join(' ');
  const command = `stty cols ${String(columns)} rows ${String(rows)}; exec ${call}`;
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd: root,
    env: { ...pickInherited(), SHELL: '/bin/sh', TERM: 'xterm-256color', ...variables },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const { promise: ended, resolve } = Promise.withResolvers<{ exitCode: number | null; output: string }>();
  child.once('close', (exitCode) => {
    resolve({ exitCode, output });
  });
  return {
    type: (keys) => {
      child.stdin.write(keys);
    },
    shown: async (pattern) => {
      const signal = AbortSignal.timeout(patienceMs);
      while (!pattern.test(output)) {
        if (child.exitCode !== null) throw new Error(`ended without showing ${String(pattern)}:\n${output}`);
        await Promise.race([once(child.stdout, 'data', { signal }), once(child, 'close', { signal })]);
      }
    },
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
