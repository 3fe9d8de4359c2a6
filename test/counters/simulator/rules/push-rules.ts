/** Checks every batch that is handed to a simulated sink. */
import type { Saved } from '../../../../lambda/counters/stores/store.ts';
import type { Batch } from '../../../../lambda/model/batch.ts';
import { queueJobs } from '../../../../lambda/model/catalogue/queue-metrics.ts';
import type { Sink } from '../../../../lambda/sinks/sink.ts';
import { rule } from './rules.ts';

/** What has to be known of an invocation to judge what it pushes. */
export interface Pusher {
  readonly name: string;
  readonly commit: Saved | 'unknown' | 'none';
  readonly readFailed: boolean;
  readonly isWaiting: boolean;
}

/** Looks at everything that is pushed. */
export function watched(sink: Sink, pusher: () => Pusher): Sink {
  return {
    ...sink,
    write: (batch, context) => {
      checkBatch(batch, pusher());
      return sink.write(batch, context);
    },
  };
}

function checkBatch({ sources: parts }: Batch, { name, commit, readFailed, isWaiting }: Pusher): void {
  const families = parts.flatMap((part) => part.families);
  const isCounted = families.some(({ type }) => type !== 'gauge');
  rule(!isCounted || commit === 'saved', 'nothing is pushed by an invocation that lost its commit', name, commit);
  rule(!isWaiting || commit !== 'saved' || isCounted, 'totals stay published while a source waits', name);
  const levels = families.filter(({ definition }) => definition.name === queueJobs.name);
  rule(!readFailed || levels.length === 0, 'a failed answer publishes no level', name);
  const isRead = !readFailed && parts.every(({ status }) => status === 'complete');
  rule(!isRead || levels.length > 0, 'an empty answer publishes a level of 0', name);
}
