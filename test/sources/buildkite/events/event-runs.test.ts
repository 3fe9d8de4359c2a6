/** Tests of runs that only count events, between two polls. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Inbox } from '../../../../lambda/events/inbox.ts';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import { StateStoreError, type StateStore } from '../../../../lambda/counters/stores/store.ts';
import type { Collection } from '../../../../lambda/sources/source.ts';
import { jobFinishedDetail } from '../../../demo/simulators/buildkite/job-finished-detail.ts';
import {
  type EndedJob,
  type SimulatedBuildkite,
  startSimulatedBuildkite,
} from '../../../demo/simulators/buildkite/simulated-buildkite.ts';
import { buildkiteSource, type TestSource, totalsOf } from '../harness.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 2, 1, 10);

let buildkite: SimulatedBuildkite;
let nowMs = startMs;

beforeEach(async () => {
  nowMs = startMs;
  buildkite = await startSimulatedBuildkite(startMs);
});

afterEach(() => buildkite.server.close());

/** A queue that gives back what was not removed, as SQS does. */
function queueOf(): { readonly inbox: Inbox; readonly waiting: Set<string>; put(jobs: readonly EndedJob[]): void } {
  const waiting = new Set<string>();
  const take: Inbox['take'] = () => {
    const bodies = [...waiting];
    const remove = (): Promise<void> => {
      for (const body of bodies) waiting.delete(body);
      return Promise.resolve();
    };
    return Promise.resolve({ events: bodies.map((body) => ({ body, sentMs: nowMs })), hasMore: false, remove });
  };
  return {
    inbox: { take },
    waiting,
    put: (jobs) => {
      for (const ended of jobs) waiting.add(JSON.stringify({ event: 'Job Finished', body: jobFinishedDetail(ended) }));
    },
  };
}

interface SourceSettings {
  readonly inbox: Inbox;
  readonly store?: StateStore;
  /** Variables with the agent tokens. */
  readonly tokens?: readonly string[];
}

function sourceOf({ inbox, store, tokens = ['LINUX', 'APPLE', 'UNCLUSTERED'] }: SourceSettings): TestSource {
  const { server } = buildkite;
  const raw = {
    endpoint: server.endpoint,
    graphqlEndpoint: server.graphqlEndpoint,
    restEndpoint: server.restEndpoint,
    organization: 'acme',
    agentTokens: tokens.map((env) => ({ env })),
    apiToken: { env: 'API' },
    hostedQueues: ['hosted'],
    events: { bus: 'aws.partner/buildkite.com/acme/1', pollMinutes: 5 },
  };
  const { linux, apple, unclustered, api } = buildkite.tokens;
  const variables = { LINUX: linux, APPLE: apple, UNCLUSTERED: unclustered, API: api, WITHDRAWN: 'withdrawn' };
  return buildkiteSource(raw, { variables, clock: () => nowMs, inbox, ...(store === undefined ? {} : { store }) });
}

async function minute(source: TestSource, minutes: number): Promise<Collection> {
  nowMs = startMs + minutes * minuteMs;
  buildkite.liveUntil(nowMs);
  return await source.count();
}

const jobsIn = ({ families }: Collection): Readonly<Record<string, number>> =>
  totalsOf(families, 'ci_jobs_total', ['scope', 'queue']);

/** Of queues whose name is in one cluster only. */
const placeable = (jobs: readonly EndedJob[]): readonly EndedJob[] => jobs.filter(({ at }) => at.queue !== 'default');

/** Whether an agent was lost or a process killed takes the signal, which events do not tell: the poll decides. */
const decided = (jobs: readonly EndedJob[]): readonly EndedJob[] => jobs.filter(({ job }) => job.exitStatus !== -1);

function countsOf(jobs: readonly EndedJob[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { at } of jobs) {
    const key = `${at.cluster ?? 'unclustered'} ${at.queue}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

it('counts events between two polls, removes them, and the poll counts only the rest', async () => {
  const queue = queueOf();
  await using source = sourceOf({ inbox: queue.inbox });
  await minute(source, 0);
  buildkite.liveUntil(startMs + minuteMs);
  const arrived = placeable(buildkite.jobsFinishedSince(startMs));
  const told = decided(arrived);
  queue.put(arrived);

  const between = await minute(source, 1);
  const left = queue.waiting.size;
  const polled = await minute(source, 5);

  expect(told.length).toBeGreaterThan(5);
  expect(arrived.length).toBeGreaterThan(told.length);
  expect(jobsIn(between)).toEqual(countsOf(told));
  expect(left).toBe(0);
  expect(jobsIn(polled)).toEqual(countsOf(buildkite.jobsFinishedSince(startMs)));
});

it('leaves events in the queue when the state could not be saved', async () => {
  const queue = queueOf();
  const memory = createMemoryStateStore();
  let isBroken = false;
  const store: StateStore = {
    load: (id, signal) => memory.load(id, signal),
    save: (id, document, signal) =>
      isBroken ? Promise.reject(new StateStoreError('unavailable', 'no answer')) : memory.save(id, document, signal),
  };
  await using source = sourceOf({ inbox: queue.inbox, store });
  await minute(source, 0);
  buildkite.liveUntil(startMs + minuteMs);
  const arrived = placeable(buildkite.jobsFinishedSince(startMs));
  const told = decided(arrived);
  queue.put(arrived);
  isBroken = true;

  await minute(source, 1);
  const left = queue.waiting.size;
  isBroken = false;
  const after = await minute(source, 2);

  expect(left).toBe(arrived.length);
  expect(jobsIn(after)).toEqual(countsOf(told));
  expect(queue.waiting.size).toBe(0);
});

it('publishes the totals between two polls although nothing happened and a token is refused', async () => {
  const queue = queueOf();
  await using source = sourceOf({ inbox: queue.inbox, tokens: ['LINUX', 'WITHDRAWN'] });
  await minute(source, 0);
  const polled = await minute(source, 5);

  const quiet = await minute(source, 6);

  expect(quiet.problems).not.toEqual([]);
  expect(Object.keys(jobsIn(polled)).length).toBeGreaterThan(0);
  expect(jobsIn(quiet)).toEqual(jobsIn(polled));
});

it('leaves jobs to the poll while the queues of a cluster are not known, lest they count for another one', async () => {
  const queue = queueOf();
  // The queue `default` of the agents without a cluster is not seen, so that the name looks like that of Linux alone.
  await using source = sourceOf({ inbox: queue.inbox, tokens: ['LINUX', 'APPLE', 'WITHDRAWN'] });
  await minute(source, 0);
  buildkite.liveUntil(startMs + 4 * minuteMs);
  queue.put(buildkite.jobsFinishedSince(startMs));

  await minute(source, 4);
  const polled = await minute(source, 5);

  const truth = countsOf(buildkite.jobsFinishedSince(startMs));
  expect(truth['unclustered default']).toBeGreaterThan(0);
  expect(jobsIn(polled)).toEqual(truth);
});
