/** What a command sees of the process: its outputs, its environment, its clock and its exit codes. */
import type { Clock } from '../runtime/clock.ts';
import type { Program } from './program.ts';

/** Where a command writes. */
export interface Output {
  write(text: string): void;
  readonly isTty: boolean;
  /** Size at this moment, 80 × 24 where there is no terminal. */
  size(): { readonly columns: number; readonly rows: number };
}

/** Everything that a command sees of the process, so that a command can run inside a test. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  /** How the program is called, for help and for what to do next. */
  readonly program: Program;
  /** Asks whoever sits there for a line; undefined where nobody does. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  /** Aborts on Ctrl-C, on SIGTERM and when the reader of standard output went away. */
  readonly signal: AbortSignal;
  /** Calls back when the window has a new size, until the returned function is called. */
  readonly onResize: (listener: () => void) => () => void;
  /** Calls back when the process ends in whatever way, until the returned function is called. */
  readonly onExit: (listener: () => void) => () => void;
}

/** What the process tells its caller; documented in every `--help`. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, degraded: 3, refused: 4 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
