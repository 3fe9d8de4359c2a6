/** What a run that was interrupted while it delivered says: what is at the sinks, and what is not. */
import type { SinkOutcome } from '../../report/report.ts';
import { formatCount } from '../render/figures.ts';

/** Lines for standard error. */
export function describeInterruption(sinks: readonly SinkOutcome[]): string {
  return `${['interrupted while it delivered', ...sinks.map(describeSink)].join('\n')}\n`;
}

function describeSink({ id, accepted, problems, pending = 0, unconfirmed = 0, dropped = 0 }: SinkOutcome): string {
  const parts = [
    `${formatCount(accepted, 'sample')} sent${problems.length === 0 ? ', all of it' : ''}`,
    ...(pending > 0 ? [`${formatCount(pending, 'increase')} kept for the next run`] : []),
    ...(unconfirmed > 0 ? [`${formatCount(unconfirmed, 'increase')} may have arrived or not`] : []),
    ...(dropped > 0 ? [`${formatCount(dropped, 'increase')} lost`] : []),
    ...problems.map(({ message }) => message),
  ];
  return `  ${id}: ${parts.join('; ')}`;
}
