/** What every log can do; Lambda and the terminal each have their own implementation. */

/** Fields of a log line: data, never free text, so that a log query can filter on them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Messages are static texts; what varies goes into the fields. Implementations redact known secret values. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
