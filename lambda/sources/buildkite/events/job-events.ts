/** Reads Buildkite's job events and counts the jobs that finished. */
import * as z from 'zod';
import { tryParseJson } from '../../../model/text/try-parse-json.ts';
import type { Matcher } from '../../../settings/glob.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import { describeInboxProblem } from '../../../events/inbox-problem.ts';
import type { Inbox, QueuedEvent, TakenEvents } from '../../../events/inbox.ts';
import type { Problem } from '../../../model/problem.ts';
import { jobStream } from '../builds/count-builds.ts';
import { finishJob } from '../builds/finish.ts';
import { isWantedEvent } from './event-types.ts';
import type { QueueId } from '../queues/queue-id.ts';
import { determineQueue } from '../queues/queue-names.ts';
import { Flag, Text } from '../user-api/lenient.ts';
import type { Job } from '../user-api/rest-schema.ts';
import type { BuildOfJob } from '../builds/map-spans.ts';
import { isSignalNeeded } from '../builds/states.ts';
import { parseDelivery } from './webhook-delivery.ts';

const Envelope = z.object({ event: z.string(), body: z.unknown() });

/** `detail` of a `Job Finished` event, version 1 (Buildkite docs, "Amazon EventBridge"); it names no cluster. */
export const JobFinished = z.object({
  job: z.object({
    uuid: z.string().min(1),
    type: z.string(),
    state: Text,
    passed: Flag,
    soft_failed: Flag,
    exit_status: z.number().nullish().catch(undefined),
    /** Not among what is documented; without it some ends have two meanings. */
    signal: Text,
    signal_reason: Text,
    agent_query_rules: z.array(z.string()).nullish().catch(undefined),
    runnable_at: Text,
    started_at: Text,
    finished_at: Text,
  }),
  build: z.object({ uuid: z.string(), number: z.number(), commit: Text, branch: Text }),
  pipeline: z.object({ slug: z.string() }),
  organization: z.object({ slug: z.string() }),
});
export type JobFinished = z.infer<typeof JobFinished>;

export interface EventReading {
  readonly finished: readonly JobFinished[];
  readonly problems: readonly Problem[];
  /** False when the queue could not be read, or has more: the poll must not be left out then. */
  readonly isComplete: boolean;
  readonly remove: TakenEvents['remove'];
}

/** Takes what has arrived; a queue that cannot be read costs nothing but its speed. */
export async function takeEvents(inbox: Inbox, where: string, signal: AbortSignal): Promise<EventReading> {
  try {
    const { events, hasMore, remove } = await inbox.take(signal);
    const read = events.map(parseEvent);
    const unreadable = read.filter((event) => event === 'unreadable').length;
    return {
      finished: read.filter((event) => typeof event !== 'string'),
      problems: unreadable === 0 ? [] : [describeUnreadableEvents(where, unreadable)],
      isComplete: !hasMore,
      remove,
    };
  } catch (error) {
    const problem = describeInboxProblem(error, where);
    return { finished: [], problems: [problem], isComplete: false, remove: () => Promise.resolve() };
  }
}

function describeUnreadableEvents(where: string, count: number): Problem {
  const message = `${String(count)} events are not what Buildkite documents and were removed; the poll counts their jobs`;
  return { kind: 'bad-response', where: `${where} events`, message };
}

/** A webhook may be subscribed to more than is needed, and says `ping` when its settings were changed. */
function parseEvent({ body }: QueuedEvent): JobFinished | 'unused' | 'unreadable' {
  const envelope = Envelope.safeParse(tryParseJson(body));
  if (!envelope.success) return 'unreadable';
  const { event, body: content } = envelope.data;
  if (!isWantedEvent(event)) return 'unused';
  const detail = typeof content === 'string' ? parseDelivery(content) : content;
  return JobFinished.safeParse(detail).data ?? 'unreadable';
}

export interface EventOptions {
  readonly source: string;
  readonly organization: string;
  /** Every queue that is known. */
  readonly queueIds: readonly QueueId[];
  readonly isPipelineSelected: Matcher;
  readonly isQueueSelected: Matcher;
}

/**
 * Tells the ledger of the jobs that finished. The key is that of the poll, so the second of poll and event counts
 * nothing. Left to the poll is a job whose cluster cannot be told, because its queue's name is in several or in none,
 * one whose event does not say how it ended, and one of which only the poll can say whether its agent was lost or its
 * process killed.
 */
export function countEvents(
  ledger: Pick<Ledger, 'openWindow' | 'countFinish'>,
  finished: readonly JobFinished[],
  options: EventOptions,
): void {
  // Of an older job the ledger does not know any more whether the poll has counted it.
  const { fromMs } = ledger.openWindow(jobStream);
  const findQueueId = createQueueIdFinder(options);
  for (const event of finished.filter((one) => isWanted(one, options))) {
    const job = mapJob(event);
    const queueId = findQueueId(job);
    if (queueId === undefined || job.state === 'finished' || isSignalNeeded(job)) continue;
    const finish = finishJob(job, mapBuild(event), {
      source: options.source,
      organization: options.organization,
      ...queueId,
    });
    if (finish !== undefined && finish.finishedMs >= fromMs) ledger.countFinish(jobStream, job.id, finish);
  }
}

function isWanted(
  { organization: { slug }, job: { type }, pipeline }: JobFinished,
  { organization, isPipelineSelected }: EventOptions,
): boolean {
  return slug === organization && type === 'script' && isPipelineSelected(pipeline.slug);
}

function createQueueIdFinder({ queueIds, isQueueSelected }: EventOptions): (job: Job) => QueueId | undefined {
  const scopes = groupScopesByQueue(queueIds);
  return ({ agent_query_rules }) => {
    const queue = determineQueue(undefined, agent_query_rules ?? []);
    const [scope, ...others] = scopes.get(queue) ?? [];
    return scope !== undefined && others.length === 0 && isQueueSelected(queue) ? { scope, queue } : undefined;
  };
}

function groupScopesByQueue(queueIds: readonly QueueId[]): ReadonlyMap<string, readonly string[]> {
  const scopes = new Map<string, Set<string>>();
  for (const { scope, queue } of queueIds) scopes.set(queue, (scopes.get(queue) ?? new Set()).add(scope));
  return new Map([...scopes].map(([queue, names]) => [queue, [...names]]));
}

/** As the REST API would show it: `state` of an event may be the one before the end, so `passed` decides. */
function mapJob({ job }: JobFinished): Job {
  const { uuid, state, passed, ...same } = job;
  return {
    ...same,
    id: uuid,
    state: decideEndState(state ?? '', passed),
    retried: undefined,
    cluster_id: undefined,
    cluster_queue_id: undefined,
  };
}

/** Ends that are neither passed nor failed keep their names. */
const otherEnds: ReadonlySet<string> = new Set(['timed_out', 'canceled', 'skipped', 'broken', 'expired']);

function decideEndState(state: string, passed: boolean | null | undefined): string {
  const lower = state.toLowerCase();
  if (otherEnds.has(lower)) return lower;
  if (passed === true) return 'passed';
  return passed === false ? 'failed' : lower;
}

function mapBuild({ build, pipeline, organization }: JobFinished): BuildOfJob {
  const { uuid, number, commit, branch } = build;
  const web_url = `https://buildkite.com/${organization.slug}/${pipeline.slug}/builds/${String(number)}`;
  return {
    id: uuid,
    commit,
    branch,
    web_url,
    url: undefined,
    pipeline: { ...pipeline, id: undefined, default_branch: undefined },
  };
}
