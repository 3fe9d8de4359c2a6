/** Tests of the finish that a "Job Finished" event becomes. */
import { describe, expect, it } from 'vitest';
import type { Finish } from '../../../../lambda/counters/finish.ts';
import type { Ledger } from '../../../../lambda/counters/ledger.ts';
import { InboxError, type Inbox } from '../../../../lambda/events/inbox.ts';
import { jobsFinished, jobWait } from '../../../../lambda/model/catalogue/job-metrics.ts';
import { countEvents, type EventOptions, takeEvents } from '../../../../lambda/sources/buildkite/events/job-events.ts';

const { signal } = new AbortController();

function eventOf(job: object, more: object = {}): string {
  const body = {
    version: 1,
    job: {
      uuid: '9f6f7f5c-0000-4000-8000-000000000001',
      graphql_id: 'Sm9i',
      type: 'script',
      label: ':docker:',
      agent_query_rules: ['queue=linux'],
      exit_status: 0,
      passed: true,
      soft_failed: false,
      state: 'finished',
      runnable_at: '2026-03-01 10:00:05 UTC',
      started_at: '2026-03-01 10:00:35 UTC',
      finished_at: '2026-03-01 10:02:35 UTC',
      ...job,
    },
    build: { uuid: 'build-1', number: 42, commit: 'b'.repeat(40), state: 'started' },
    pipeline: { uuid: 'pipeline-1', slug: 'api' },
    organization: { uuid: 'organization-1', slug: 'acme' },
    ...more,
  };
  return JSON.stringify({ event: 'Job Finished', body });
}

function inboxWith(...bodies: readonly string[]): Inbox {
  const events = bodies.map((body) => ({ body, sentMs: 0 }));
  return { take: () => Promise.resolve({ events, hasMore: false, remove: () => Promise.resolve() }) };
}

/** What the ledger is told; its window begins at ten o'clock. */
function listener(): { readonly told: Finish[]; readonly ledger: Pick<Ledger, 'openWindow' | 'countFinish'> } {
  const told: Finish[] = [];
  const fromMs = Date.parse('2026-03-01T10:00:00Z');
  return {
    told,
    ledger: {
      openWindow: () => ({ fromMs, newsFromMs: fromMs, toMs: fromMs + 600_000, isFirst: false }),
      countFinish: (_stream, _id, finish) => {
        told.push(finish);
      },
    },
  };
}

const everything = (): boolean => true;
const options: EventOptions = {
  source: 'main',
  organization: 'acme',
  queueIds: [
    { scope: 'Linux', queue: 'linux' },
    { scope: 'Linux', queue: 'shared' },
    { scope: 'Apple', queue: 'shared' },
  ],
  isPipelineSelected: everything,
  isQueueSelected: everything,
};

async function finishesOf(body: string, change: Partial<EventOptions> = {}): Promise<readonly Finish[]> {
  const { told, ledger } = listener();
  const { finished } = await takeEvents(inboxWith(body), 'buildkite/main', signal);
  countEvents(ledger, finished, { ...options, ...change });
  return told;
}

describe('a "Job Finished" event', () => {
  it('is the finish that the poll would have told: same key, same labels, waits in seconds', async () => {
    const [finish] = await finishesOf(eventOf({}));

    expect(finish?.key).toBe('9f6f7f5c-0000-4000-8000-000000000001');
    const labels = { system: 'buildkite', source: 'main', scope: 'Linux', queue: 'linux' };
    expect(finish?.counts).toContainEqual({
      metric: jobsFinished,
      labels: { ...labels, result: 'success' },
      increase: 1,
    });
    expect(finish?.observations.find(({ metric }) => metric === jobWait)).toMatchObject({ labels, value: 30 });
  });

  it.each([
    [{ passed: true, state: 'running' }, 'success'],
    [{ passed: false, exit_status: 1, state: 'finished' }, 'failure'],
    [{ passed: false, exit_status: 1, soft_failed: true }, 'success'],
    [{ passed: false, exit_status: -1, signal_reason: 'agent_stop' }, 'error'],
    [{ passed: false, state: 'timed_out' }, 'timeout'],
    [{ passed: false, state: 'canceled' }, 'cancellation'],
    [{ passed: false, state: 'expired' }, 'error'],
  ])('with %j is a %s: "passed" decides, for the state may be that before the end', async (job, result) => {
    const [finish] = await finishesOf(eventOf(job));

    expect(finish?.counts[0]?.labels['result']).toBe(result);
  });

  it.each([
    [{}, []],
    [{ signal_reason: 'cancel' }, []],
    [{ signal: null }, ['error']],
    [{ signal: 'SIGKILL' }, ['failure']],
    [{ signal_reason: 'process_run_error' }, ['error']],
  ])(
    'without an exit status and with %j says what the poll will say, or leaves it to the poll',
    async (job, results) => {
      const finishes = await finishesOf(eventOf({ passed: false, exit_status: -1, ...job }));

      expect(finishes.map(({ counts }) => counts[0]?.labels['result'])).toEqual(results);
    },
  );

  it('is left to the poll when its queue is in two clusters, or in none that is known', async () => {
    expect(await finishesOf(eventOf({ agent_query_rules: ['queue=shared'] }))).toEqual([]);
    expect(await finishesOf(eventOf({ agent_query_rules: ['queue=new'] }))).toEqual([]);
  });

  it('that is older than what the ledger remembers counts nothing', async () => {
    expect(await finishesOf(eventOf({ finished_at: '2026-03-01 09:59:59 UTC' }))).toEqual([]);
  });

  it('of another organization, of a pipeline that was not selected or of a wait step counts nothing', async () => {
    expect(await finishesOf(eventOf({}, { organization: { slug: 'other' } }))).toEqual([]);
    expect(await finishesOf(eventOf({}), { isPipelineSelected: () => false })).toEqual([]);
    expect(await finishesOf(eventOf({ type: 'waiter' }))).toEqual([]);
  });
});

describe('the queue of events', () => {
  it('tells what it could not read, and gives the rest', async () => {
    const strange = ['', '[]', '{"event":"Job Finished","body":{"job":{}}}', '{"event":1}'];

    const { finished, problems } = await takeEvents(inboxWith(...strange, eventOf({})), 'buildkite/main', signal);

    expect(finished).toHaveLength(1);
    expect(problems).toEqual([
      {
        kind: 'bad-response',
        where: 'buildkite/main events',
        message: '4 events are not what Buildkite documents and were removed; the poll counts their jobs',
      },
    ]);
  });

  it('that cannot be read is a problem, and the poll is not left out', async () => {
    const broken: Inbox = { take: () => Promise.reject(new InboxError('auth', 'event queue ci: refused; allow it')) };

    const reading = await takeEvents(broken, 'buildkite/main', signal);

    expect(reading).toMatchObject({
      finished: [],
      isComplete: false,
      problems: [{ kind: 'auth', where: 'buildkite/main events', message: 'event queue ci: refused; allow it' }],
    });
  });
});
