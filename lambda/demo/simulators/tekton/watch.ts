/** Answers a watch: what has changed since a version, one JSON object a line. */
import { type Plural, pluralOf, type RunChange, type RunStore } from './objects.ts';
import { type Reply, statusObject, tableOf } from './wire.ts';

export interface AskedWatch {
  readonly plural: Plural;
  readonly sinceVersion: number;
  readonly timeoutSeconds: number;
  readonly nowMs: number;
  readonly isWanted: (run: RunChange['run']) => boolean;
}

/** As Tables, of which only the first one has columns. */
export function watchReply(store: RunStore, asked: AskedWatch): Reply {
  const { plural, sinceVersion, timeoutSeconds, nowMs, isWanted } = asked;
  const openForMs = timeoutSeconds * 1000;
  const changes = store.changesSince(sinceVersion);
  // The status was sent before it was known: what goes wrong is an event.
  if (changes === undefined) return stream([{ type: 'ERROR', object: tooOld(sinceVersion, store.version()) }], 0);
  const events = changes
    .filter(({ run }) => pluralOf(run) === plural && isWanted(run))
    .map(({ type, version, run }, index) => {
      const table = tableOf([run], { resourceVersion: String(version) }, nowMs);
      return { type, object: index === 0 ? table : { ...table, columnDefinitions: null } };
    });
  return stream(events, openForMs);
}

function tooOld(since: number, newest: number): object {
  const message = `too old resource version: ${String(since)} (${String(newest)})`;
  return statusObject(410, 'Expired', message);
}

function stream(events: readonly object[], openForMs: number): Reply {
  const body = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  return { status: 200, type: 'application/json', body, openForMs };
}
