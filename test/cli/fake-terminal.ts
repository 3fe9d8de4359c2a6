/** A terminal in memory, for tests of what the command line writes and how wide. */
import { type Program, repositoryProgram } from '../../lambda/cli/program.ts';
import type { Terminal } from '../../lambda/cli/terminal.ts';

export interface FakeTerminalOptions {
  readonly isTty?: boolean;
  readonly size?: { readonly columns: number; readonly rows: number };
  readonly variables?: Terminal['variables'];
  readonly clock?: () => number;
  readonly program?: Program;
  /** What is answered, question by question; without it nobody can be asked. */
  readonly answers?: readonly string[];
}

export interface FakeTerminal extends Terminal {
  readonly out: () => string;
  readonly err: () => string;
  /** What Ctrl-C does. */
  readonly interrupt: () => void;
  readonly resize: (size: { readonly columns: number; readonly rows: number }) => void;
  /** What the end of the process does. */
  readonly exit: () => void;
}

/** A terminal in memory. */
export function fakeTerminal({
  isTty = false,
  size,
  variables = {},
  clock = Date.now,
  program = repositoryProgram,
  answers,
}: FakeTerminalOptions = {}): FakeTerminal {
  const written = { out: '', err: '' };
  const interrupted = new AbortController();
  const listeners = { resize: new Set<() => void>(), exit: new Set<() => void>() };
  const left = [...(answers ?? [])];
  let window = size ?? { columns: 80, rows: 24 };
  const output = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
    },
    isTty,
    size: () => window,
  });
  const listen = (event: 'resize' | 'exit') => (listener: () => void) => {
    listeners[event].add(listener);
    return () => {
      listeners[event].delete(listener);
    };
  };
  return {
    stdout: output('out'),
    stderr: output('err'),
    program,
    ask:
      answers &&
      ((question) => {
        written.out += question;
        const answer = left.shift();
        return answer === undefined ? Promise.reject(new Error('asked too often')) : Promise.resolve(answer);
      }),
    variables,
    clock,
    random: () => 0.5,
    signal: interrupted.signal,
    onResize: listen('resize'),
    onExit: listen('exit'),
    out: () => written.out,
    err: () => written.err,
    interrupt: () => {
      interrupted.abort();
    },
    resize: (next) => {
      window = next;
      for (const listener of listeners.resize) listener();
    },
    exit: () => {
      for (const listener of listeners.exit) listener();
    },
  };
}
