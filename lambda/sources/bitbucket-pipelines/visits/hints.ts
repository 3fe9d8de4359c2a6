/**
 * What Bitbucket's webhooks tell. They never count anything: a commit status names no pipeline uuid, no selector and no
 * times, so it only says which repository to look at first, and the look counts with the key that every look has.
 */
import * as z from 'zod';
import { inboxProblem } from '../../../events/inbox-problem.ts';
import type { Inbox, QueuedEvent, Taken } from '../../../events/inbox.ts';
import { parseJsonText } from '../../../model/text/outside-text.ts';
import type { Problem } from '../../../model/problem.ts';
import { makeHot } from './discover.ts';
import type { Repository } from './remembered.ts';
import { readSpans, type SpanEvent } from './parse-span-event.ts';

/** As the function behind the webhook's URL writes it: the name of the event and the body as it was signed. */
const Envelope = z.object({ event: z.string(), body: z.string() });

const Named = z.object({ uuid: z.string().min(1) });
const RepositoryEvent = z.object({ repository: Named });
const StatusEvent = z.object({ repository: Named, commit_status: z.object({ url: z.string() }) });

/** Other CI systems set commit statuses, too; those of Pipelines lead to the results of a run, by an old or a new path. */
const ofPipelines = /\/pipelines\/(?:home#!\/)?results\/\d+/;

/** What one event means for the crawl. */
type Hint =
  /** A run has begun or ended. */
  | { readonly is: 'run'; readonly repository: string; readonly atMs: number }
  /** A run is likely to begin within minutes. */
  | { readonly is: 'push'; readonly repository: string; readonly atMs: number }
  /** The list of repositories is not what it was. */
  | { readonly is: 'repositories' };

export interface EventReading {
  readonly hints: readonly Hint[];
  readonly count: number;
  readonly problems: readonly Problem[];
  readonly remove: Taken['remove'];
}

/** Takes what has arrived; a queue that cannot be read costs nothing but its speed. */
export async function takeEvents(inbox: Inbox, where: string, signal: AbortSignal): Promise<EventReading> {
  try {
    const { events, remove } = await inbox.take(signal);
    const read = events.map(hintOf);
    const unreadable = read.filter((hint) => hint === 'unreadable').length;
    return {
      hints: read.filter((hint) => hint !== 'unreadable' && hint !== 'unused'),
      count: events.length,
      problems: unreadable === 0 ? [] : [notReadable(where, unreadable)],
      remove,
    };
  } catch (error) {
    const problem = inboxProblem(error, where);
    return { hints: [], count: 0, problems: [problem], remove: () => Promise.resolve() };
  }
}

function notReadable(where: string, count: number): Problem {
  const message = `${String(count)} events are not what Bitbucket documents and were removed; the looks find what they told of`;
  return { kind: 'bad-response', where: `${where} events`, message };
}

export const noEvents: EventReading = { hints: [], count: 0, problems: [], remove: () => Promise.resolve() };

/** Repositories that nobody knows are not selected, or come with the list. */
export function applyHints(repositories: Map<string, Repository>, hints: readonly Hint[]): void {
  for (const hint of hints) {
    const known = hint.is === 'repositories' ? undefined : repositories.get(hint.repository);
    // A look after the event has seen what it told of.
    if (hint.is === 'repositories' || known === undefined || hint.atMs < known.lookedMs) continue;
    if (hint.is === 'push') makeHot(repositories, known.id, hint.atMs);
    else repositories.set(known.id, { ...known, toldMs: hint.atMs });
  }
}

type Read = Hint | 'unused' | 'unreadable';

function hintOf({ body: text, sentMs }: QueuedEvent): Read {
  const envelope = Envelope.safeParse(jsonIn(text));
  if (!envelope.success) return 'unreadable';
  const { event, body } = envelope.data;
  const content = jsonIn(body);
  switch (event) {
    case 'repo:commit_status_created':
    case 'repo:commit_status_updated':
      return statusHint(content, sentMs);
    case 'repo:push':
      return pushHint(content, sentMs);
    case 'pipeline:span_created':
      return spanHint(readSpans(content), sentMs);
    case 'repo:created':
    case 'repo:transfer':
      return { is: 'repositories' };
    default:
      // A hook may be subscribed to more than the documentation asks for.
      return 'unused';
  }
}

function jsonIn(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    // Told as unreadable, like any other content that is not an event.
    return undefined;
  }
}

function statusHint(content: unknown, atMs: number): Read {
  const { data } = StatusEvent.safeParse(content);
  if (data === undefined) return 'unreadable';
  if (!ofPipelines.test(data.commit_status.url)) return 'unused';
  return { is: 'run', repository: braced(data.repository.uuid), atMs };
}

function pushHint(content: unknown, atMs: number): Read {
  const { data } = RepositoryEvent.safeParse(content);
  return data === undefined ? 'unreadable' : { is: 'push', repository: braced(data.repository.uuid), atMs };
}

function spanHint(span: SpanEvent, atMs: number): Read {
  return typeof span === 'string' ? span : { is: 'run', repository: braced(span.repository), atMs };
}

/** As the API writes them; spans were recorded with and without braces. */
function braced(uuid: string): string {
  return `{${uuid.replaceAll(/[{}]/g, '').toLowerCase()}}`;
}
