/** Writes one log line for each finished run, up to a limit. */
import type { Logger } from '../runtime/log.ts';
import type { Finish } from './finish.ts';

/**
 * Lines of one source in one run, about 400 kB: CloudWatch Logs charges for every byte, and a run that catches up with a
 * day must not spend its time on writing. What is left out is counted all the same.
 */
export const mostLines = 1000;

/** One structured line for each finished run; the number of those that are too many is told. */
export function logFinishedRuns(
  source: string,
  lines: readonly NonNullable<Finish['line']>[],
  log: Pick<Logger, 'info' | 'warn'>,
): void {
  for (const line of lines.slice(0, mostLines)) log.info('finished run', line);
  const omitted = lines.length - mostLines;
  if (omitted > 0) log.warn('finished runs were counted but not logged: too many in one run', { source, omitted });
}
