/** Turns the events of Bitbucket's webhook into hints: which repository to visit first. */

/**
 * What Bitbucket's webhooks tell. They never count anything: a commit status names no pipeline uuid, no selector and no
 * times, so it only says which repository to visit first, and the visit counts with the key that every visit has.
 */
import * as z from 'zod';
import { tryParseJson } from '../../../model/text/try-parse-json.ts';
import { describeInboxProblem } from '../../../events/inbox-problem.ts';
import type { Inbox, QueuedEvent, TakenEvents } from '../../../events/inbox.ts';
import type { Problem } from '../../../model/problem.ts';
import { makeHot } from './discover.ts';
import type { Repository } from '../runs/remembered-repository.ts';
import { parseSpanEvent, type SpanEvent } from './parse-span-event.ts';

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
  readonly remove: TakenEvents['remove'];
}

/** Takes what has arrived; a queue that cannot be read costs nothing but its speed. */
export async function takeEvents(inbox: Inbox, where: string, signal: AbortSignal): Promise<EventReading> {
  try {
    const { events, remove } = await inbox.take(signal);
    const read = events.map(interpretEvent);
    const unreadable = read.filter((hint) => hint === 'unreadable').length;
    return {
      hints: read.filter((hint) => hint !== 'unreadable' && hint !== 'unused'),
      count: events.length,
      problems: unreadable === 0 ? [] : [describeUnreadableEvents(where, unreadable)],
      remove,
    };
  } catch (error) {
    const problem = describeInboxProblem(error, where);
    return { hints: [], count: 0, problems: [problem], remove: () => Promise.resolve() };
  }
}

function describeUnreadableEvents(where: string, count: number): Problem {
  const message = `${String(count)} events are not what Bitbucket documents and were removed; the looks find what they told of`;
  return { kind: 'bad-response', where: `${where} events`, message };
}

export const noEvents: EventReading = { hints: [], count: 0, problems: [], remove: () => Promise.resolve() };

/** A repository that is unknown here is not selected, or comes with the list. */
export function applyHints(repositories: Map<string, Repository>, hints: readonly Hint[]): void {
  for (const hint of hints) {
    const known = hint.is === 'repositories' ? undefined : repositories.get(hint.repository);
    // A visit after the event has seen what it was about.
    if (hint.is === 'repositories' || known === undefined || hint.atMs < known.visitedMs) continue;
    if (hint.is === 'push') makeHot(repositories, known.id, hint.atMs);
    else repositories.set(known.id, { ...known, hintedMs: hint.atMs });
  }
}

type EventMeaning = Hint | 'unused' | 'unreadable';

function interpretEvent({ body: text, sentMs }: QueuedEvent): EventMeaning {
  const envelope = Envelope.safeParse(tryParseJson(text));
  if (!envelope.success) return 'unreadable';
  const { event, body } = envelope.data;
  const content = tryParseJson(body);
  switch (event) {
    case 'repo:commit_status_created':
    case 'repo:commit_status_updated':
      return interpretStatus(content, sentMs);
    case 'repo:push':
      return interpretPush(content, sentMs);
    case 'pipeline:span_created':
      return interpretSpan(parseSpanEvent(content), sentMs);
    case 'repo:created':
    case 'repo:transfer':
      return { is: 'repositories' };
    default:
      // A hook may be subscribed to more than the documentation asks for.
      return 'unused';
  }
}

function interpretStatus(content: unknown, atMs: number): EventMeaning {
  const { data } = StatusEvent.safeParse(content);
  if (data === undefined) return 'unreadable';
  if (!ofPipelines.test(data.commit_status.url)) return 'unused';
  return { is: 'run', repository: normalizeUuid(data.repository.uuid), atMs };
}

function interpretPush(content: unknown, atMs: number): EventMeaning {
  const { data } = RepositoryEvent.safeParse(content);
  return data === undefined ? 'unreadable' : { is: 'push', repository: normalizeUuid(data.repository.uuid), atMs };
}

function interpretSpan(span: SpanEvent, atMs: number): EventMeaning {
  return typeof span === 'string' ? span : { is: 'run', repository: normalizeUuid(span.repository), atMs };
}

/** As the API writes them; spans were recorded with and without braces. */
function normalizeUuid(uuid: string): string {
  return `{${uuid.replaceAll(/[{}]/g, '').toLowerCase()}}`;
}
