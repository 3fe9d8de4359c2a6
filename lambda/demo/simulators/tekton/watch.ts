/** Answers a watch: what has changed since a version, one JSON object a line. */
import { type Plural, getPlural, type RunChange, type RunStore } from './objects.ts';
import { type Reply, buildStatus, buildTable } from './wire.ts';

export interface WatchRequest {
  readonly plural: Plural;
  readonly sinceVersion: number;
  readonly timeoutSeconds: number;
  readonly nowMs: number;
  readonly isWanted: (run: RunChange['run']) => boolean;
}

/** As Tables, of which only the first one has columns. */
export function makeWatchReply(store: RunStore, asked: WatchRequest): Reply {
  const { plural, sinceVersion, timeoutSeconds, nowMs, isWanted } = asked;
  const openForMs = timeoutSeconds * 1000;
  const changes = store.changesSince(sinceVersion);
  // A watch has sent its status 200 before a problem is known, so the problem is an event of the stream.
  if (changes === undefined)
    return streamEvents([{ type: 'ERROR', object: describeTooOld(sinceVersion, store.version()) }], 0);
  const events = changes
    .filter(({ run }) => getPlural(run) === plural && isWanted(run))
    .map(({ type, version, run }, index) => {
      const table = buildTable([run], { resourceVersion: String(version) }, nowMs);
      return { type, object: index === 0 ? table : { ...table, columnDefinitions: null } };
    });
  return streamEvents(events, openForMs);
}

function describeTooOld(since: number, newest: number): object {
  const message = `too old resource version: ${String(since)} (${String(newest)})`;
  return buildStatus(410, 'Expired', message);
}

function streamEvents(events: readonly object[], openForMs: number): Reply {
  const body = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  return { status: 200, type: 'application/json', body, openForMs };
}
