/** Takes the events of GitHub's webhook from their queue, and says what each tells. */
import { describeInboxProblem } from '../../../events/inbox-problem.ts';
import type { Inbox, QueuedEvent, TakenEvents } from '../../../events/inbox.ts';
import type { Problem } from '../../../model/problem.ts';
import { tryParseJson } from '../../../model/text/try-parse-json.ts';
import * as z from 'zod';
import { JobEvent, type JobRecord, RepositoryEvent, RunEvent, type RunRecord } from '../api/schema.ts';

/** As the function behind the webhook's URL writes it: the name of the event, and what was kept of its body. */
const Envelope = z.object({ event: z.string(), body: z.string() });

/** What one event tells. `repository` is its id; `sentMs` is when it came, in epoch milliseconds. */
export type ToldEvent =
  | { readonly is: 'job'; readonly repository: string; readonly sentMs: number; readonly record: JobRecord }
  | { readonly is: 'run'; readonly repository: string; readonly sentMs: number; readonly record: RunRecord }
  /** Something has happened that a look shows. */
  | { readonly is: 'hint'; readonly repository: string; readonly sentMs: number }
  /** The list of repositories is not what it was. */
  | { readonly is: 'repositories' };

export interface EventReading {
  readonly events: readonly ToldEvent[];
  readonly count: number;
  readonly problems: readonly Problem[];
  readonly remove: TakenEvents['remove'];
}

export const noEvents: EventReading = { events: [], count: 0, problems: [], remove: () => Promise.resolve() };

/** Takes what has arrived, in the order in which it came; a queue that cannot be read costs nothing but its speed. */
export async function takeEvents(inbox: Inbox, where: string, signal: AbortSignal): Promise<EventReading> {
  try {
    const { events, remove } = await inbox.take(signal);
    const read = events.toSorted((a, b) => a.sentMs - b.sentMs).map(interpretEvent);
    const unreadable = read.filter((event) => event === 'unreadable').length;
    return {
      events: read.filter((event) => event !== 'unreadable' && event !== 'unused'),
      count: events.length,
      problems: unreadable === 0 ? [] : [describeUnreadableEvents(where, unreadable)],
      remove,
    };
  } catch (error) {
    return { ...noEvents, problems: [describeInboxProblem(error, where)] };
  }
}

function describeUnreadableEvents(where: string, count: number): Problem {
  const message = `${String(count)} events are not what GitHub documents and were removed; the looks find what they told of`;
  return { kind: 'bad-response', where: `${where} events`, message };
}

function interpretEvent({ body: text, sentMs }: QueuedEvent): ToldEvent | 'unused' | 'unreadable' {
  const envelope = Envelope.safeParse(tryParseJson(text));
  if (!envelope.success) return 'unreadable';
  const { event, body } = envelope.data;
  const content = tryParseJson(body);
  // A hook may be subscribed to more than the documentation asks for.
  return interpreters.get(event)?.(content, sentMs) ?? (interpreters.has(event) ? 'unreadable' : 'unused');
}

type Interpret = (content: unknown, sentMs: number) => ToldEvent | undefined;

function interpretJobEvent(content: unknown, sentMs: number): ToldEvent | undefined {
  const { data } = JobEvent.safeParse(content);
  return data && { is: 'job', repository: data.repository.id, sentMs, record: data.workflow_job };
}

function interpretRunEvent(content: unknown, sentMs: number): ToldEvent | undefined {
  const { data } = RunEvent.safeParse(content);
  return data && { is: 'run', repository: data.repository.id, sentMs, record: data.workflow_run };
}

function interpretHint(content: unknown, sentMs: number): ToldEvent | undefined {
  const { data } = RepositoryEvent.safeParse(content);
  return data && { is: 'hint', repository: data.repository.id, sentMs };
}

function interpretList(): ToldEvent {
  return { is: 'repositories' };
}

/** By the name of the event. */
const interpreters: ReadonlyMap<string, Interpret> = new Map<string, Interpret>([
  ['workflow_job', interpretJobEvent],
  ['workflow_run', interpretRunEvent],
  ['deployment_status', interpretHint],
  ['deployment_review', interpretHint],
  ['repository', interpretList],
  ['installation', interpretList],
  ['installation_repositories', interpretList],
]);
