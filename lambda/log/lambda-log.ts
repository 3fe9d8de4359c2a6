/** Writes log lines in Lambda: one JSON object a line, with secrets taken out. */
import { Logger as PowertoolsLogger } from '@aws-lambda-powertools/logger';
import { maskUnseen } from '../model/text/outside-text.ts';
import { copyPlain } from '../secrets/redaction/plain-copy.ts';
import type { Redactor } from '../secrets/redaction/redactor.ts';
import type { LogFields, Logger } from '../runtime/log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LambdaLogOptions {
  readonly level: LogLevel;
  readonly redactor: Redactor;
}

/** A log whose lines tell the invocation that they belong to. */
export interface LambdaLog extends Logger {
  startInvocation(requestId: string): void;
}

/** Value of `service` in every line, for log queries over several functions. */
const serviceName = 'ci-metrics-collector';

/** Names that Powertools keeps for itself; it would drop a field of that name and print a warning instead. */
const reserved: ReadonlySet<string> = new Set(['level', 'message', 'sampling_rate', 'service', 'timestamp']);

/** One JSON object a line on standard output, in the shape of AWS Lambda Powertools. */
export function createLambdaLog({ level, redactor }: LambdaLogOptions): LambdaLog {
  const logger = new PowertoolsLogger({ serviceName, logLevel: level });

  // Names from outside are shown as plain text, without characters that control a terminal.
  const cleanText = (raw: string): string => maskUnseen(redactor.own.redactText(raw));
  const cleaning = { own: cleanText, outside: (raw: string): string => maskUnseen(redactor.redactText(raw)) };

  function clean(fields: LogFields): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(fields).map(
        ([name, value]) => [reserved.has(name) ? `${name}_` : cleanText(name), copyPlain(value, cleaning)] as const,
      ),
    );
  }

  return {
    startInvocation(requestId) {
      logger.resetKeys();
      logger.appendKeys({ requestId });
    },
    debug: (message, fields = {}) => {
      logger.debug(cleanText(message), clean(fields));
    },
    info: (message, fields = {}) => {
      logger.info(cleanText(message), clean(fields));
    },
    warn: (message, fields = {}) => {
      logger.warn(cleanText(message), clean(fields));
    },
    error: (message, fields = {}) => {
      logger.error(cleanText(message), clean(fields));
    },
  };
}
