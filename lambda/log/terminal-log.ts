/** Writes log lines in a terminal: one line of text each, with secrets taken out. */
import { styleText } from 'node:util';
import { flattenText } from '../model/text/outside-text.ts';
import type { Redactor } from '../secrets/redaction/redactor.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LogLevel } from './lambda-log.ts';
import type { LogFields, Logger } from '../runtime/log.ts';

export interface TerminalLogOptions {
  readonly level: LogLevel;
  readonly redactor: Redactor;
  readonly clock: Clock;
  /** Writes to standard error: standard output belongs to the figures. */
  readonly write: (text: string) => void;
  readonly colour: 'always' | 'never';
}

const levels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

const styles = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const;

/** `12:03:55 warn  source failed source=buildkite/main kind=auth`: one line each, for a person to read. */
export function createTerminalLog(options: TerminalLogOptions): Logger {
  const { level: least, redactor, clock, write, colour } = options;

  function writeLine(level: LogLevel, message: string, fields: LogFields): void {
    if (levels.indexOf(level) < levels.indexOf(least)) return;
    const time = new Date(clock()).toISOString().slice('2026-01-01T'.length, '2026-01-01T00:00:00'.length);
    const padded = level.padEnd('error'.length);
    // The caller has decided about colours; Node would decide again by its own standard output.
    const shown = colour === 'always' ? styleText(styles[level], padded, { validateStream: false }) : padded;
    const pairs = Object.entries(fields).flatMap(([name, value]) =>
      formatPair(redactor.own.redactText(name), redactor.own.redactValue(value)),
    );
    write(`${[time, shown, flattenText(redactor.own.redactText(message)), ...pairs].join(' ')}\n`);
  }

  return {
    debug: (message, fields = {}) => {
      writeLine('debug', message, fields);
    },
    info: (message, fields = {}) => {
      writeLine('info', message, fields);
    },
    warn: (message, fields = {}) => {
      writeLine('warn', message, fields);
    },
    error: (message, fields = {}) => {
      writeLine('error', message, fields);
    },
  };
}

function formatPair(name: string, value: unknown): readonly string[] {
  return value === undefined ? [] : [`${name}=${formatValue(value)}`];
}

/** A text that a space or a quote would tear apart is quoted as JSON. */
function formatValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/u.test(value) && flattenText(value) === value) return value;
  return flattenText(JSON.stringify(value));
}
