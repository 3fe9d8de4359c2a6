/** A log that keeps its lines, for tests of what the collector logs. */
import type { LogFields, Logger } from '../../lambda/runtime/log.ts';

export interface LoggedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

export interface RecordingLog extends Logger {
  readonly lines: LoggedLine[];
}

/** Keeps what is logged, unredacted, so that a test sees what a part of the collector hands to the log. */
export function recordingLog(): RecordingLog {
  const lines: LoggedLine[] = [];
  const at =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
