/** Tells screen readers what has changed for better or worse, and not every figure of every run. */
import type { History } from '../messages.ts';
import { findElement, setText } from './elements.ts';
import { formatNoun } from './format.ts';

export interface Announcer {
  readonly note: (history: History) => void;
}

export function createAnnouncer(): Announcer {
  const place = findElement('announcer', HTMLElement);
  let starved: ReadonlySet<string> | undefined;
  let outcome: string | undefined;
  return {
    note: (history) => {
      const now = new Map(
        history.queues
          .filter(({ now: { starved: jobs } }) => (jobs ?? 0) > 0)
          .map(({ now: queue }) => [queue.key, queue]),
      );
      const begun = [...now].filter(([key]) => starved?.has(key) === false);
      const ended = [...(starved ?? [])].filter((key) => !now.has(key));
      const isNew = outcome !== undefined && history.health !== null && history.health.outcome !== outcome;
      const texts = [
        ...begun.map(
          ([, queue]) => `The queue ${queue.queue} is starved: ${formatNoun(queue.starved ?? 0, 'job')} and no worker.`,
        ),
        ...(ended.length === 0 ? [] : [`${formatNoun(ended.length, 'queue')} no longer starved.`]),
        ...(isNew ? [`The collector is ${history.health?.outcome ?? ''}.`] : []),
      ];
      if (texts.length > 0) setText(place, texts.join(' '));
      starved = new Set(now.keys());
      outcome = history.health?.outcome;
    },
  };
}
