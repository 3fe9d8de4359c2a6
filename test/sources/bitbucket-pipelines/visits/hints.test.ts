/** Tests of events as hints: they say which repository to visit first, and are no counts themselves. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../../lambda/counters/stores/store.ts';
import { startBitbucketServer } from '../../../../lambda/demo/simulators/bitbucket/server.ts';
import { createWorkspace, type SimulatedWorkspace } from '../../../../lambda/demo/simulators/bitbucket/workspace.ts';
import { type Inbox, InboxError, type QueuedEvent } from '../../../../lambda/events/inbox.ts';
import { judgeWebhook } from '../../../../lambda/events/judge-webhook.ts';
import { noEvents, takeEvents } from '../../../../lambda/sources/bitbucket-pipelines/visits/hints.ts';
import { bitbucketSource, type TestSource, valuesOf } from '../harness.ts';

const secret = 'of the webhook';
const { signal } = new AbortController();

/** What the function behind the URL puts into the queue for a delivery that Bitbucket has signed. */
function messageOf(event: string, content: unknown): string {
  const body = Buffer.from(JSON.stringify(content));
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const headers = { 'x-event-key': event, 'x-hub-signature': signature };
  const check = { secret, scheme: 'hub-signature', nowMs: 0 } as const;
  return judgeWebhook({ method: 'POST', headers, body }, check).message ?? '';
}

const uuid = '{0000002a-0000-4000-8000-000000000001}';
const repository = { type: 'repository', uuid, full_name: 'acme/shop' };
const resultsUrl = 'https://bitbucket.org/acme/shop/pipelines/results/42';

function status(url: unknown = resultsUrl): object {
  return { repository, commit_status: { type: 'build', key: 'p', state: 'SUCCESSFUL', refname: 'main', url } };
}

function spans(name: string, repositoryUuid: unknown, place: 'span' | 'resource' = 'span'): object {
  const attributes = [
    { key: 'pipeline_run.run_number', value: { intValue: 1 } },
    { key: 'pipeline.repository.uuid', value: { stringValue: repositoryUuid } },
  ];
  const at = (here: 'span' | 'resource') => (here === place ? attributes : []);
  const span = { traceId: 'AAAA', name, attributes: at('span') };
  return { resourceSpans: [{ resource: { attributes: at('resource') }, scopeSpans: [{ spans: [span] }] }] };
}

function inboxWith(...bodies: readonly string[]): Inbox {
  const events = bodies.map((body) => ({ body, sentMs: 7000 }));
  return { take: () => Promise.resolve({ events, hasMore: false, remove: () => Promise.resolve() }) };
}

describe('an event', () => {
  const run = { is: 'run', repository: uuid, atMs: 7000 };

  it.each<readonly [string, unknown, object]>([
    ['repo:commit_status_created', status(), run],
    ['repo:commit_status_updated', status(), run],
    ['repo:commit_status_updated', status('https://bitbucket.org/acme/shop/addon/pipelines/home#!/results/42'), run],
    ['repo:push', { repository, push: { changes: [] } }, { ...run, is: 'push' }],
    ['repo:created', { repository }, { is: 'repositories' }],
    ['repo:transfer', { repository }, { is: 'repositories' }],
    ['pipeline:span_created', spans('bbc.pipeline_run', uuid), run],
    ['pipeline:span_created', spans('bbc.pipeline_step', uuid.slice(1, -1).toUpperCase()), run],
    ['pipeline:span_created', spans('bbc.step', uuid, 'resource'), run],
  ])('%s with %j tells where to look', async (event, content, hint) => {
    const reading = await takeEvents(inboxWith(messageOf(event, content)), 'here', signal);

    expect(reading).toMatchObject({ hints: [hint], count: 1, problems: [] });
  });

  it.each<readonly [string, unknown]>([
    ['repo:commit_status_updated', status('https://ci.example.com/job/pipelines/42')],
    ['pipeline:span_created', spans('bbc.command', uuid)],
    // As recorded: the span of a step may name no repository.
    ['pipeline:span_created', spans('bbc.step', '')],
    ['repo:fork', { repository }],
    ['pullrequest:created', {}],
  ])('%s with %j is of no use, and no fault', async (event, content) => {
    const reading = await takeEvents(inboxWith(messageOf(event, content)), 'here', signal);

    expect(reading).toMatchObject({ hints: [], count: 1, problems: [] });
  });

  it('that cannot be read is told, and the others are used', async () => {
    const strange = [
      '',
      '[]',
      '{"event":"repo:push"}',
      JSON.stringify({ event: 'repo:push', body: '{' }),
      messageOf('repo:push', {}),
      messageOf('repo:commit_status_created', status(42)),
      messageOf('pipeline:span_created', { resourceSpans: {} }),
      messageOf('pipeline:span_created', spans('bbc.pipeline_run', '')),
    ];

    const reading = await takeEvents(inboxWith(...strange, messageOf('repo:push', { repository })), 'acme', signal);

    expect(reading.hints).toHaveLength(1);
    expect(reading.problems).toEqual([
      {
        kind: 'bad-response',
        where: 'acme events',
        message: '8 events are not what Bitbucket documents and were removed; the looks find what they told of',
      },
    ]);
  });

  it('from a queue that cannot be read is missing, which is a problem and nothing more', async () => {
    const broken: Inbox = { take: () => Promise.reject(new InboxError('auth', 'event queue ci: refused; allow it')) };

    const reading = await takeEvents(broken, 'acme', signal);

    expect(reading).toMatchObject({
      ...noEvents,
      remove: expect.any(Function) as unknown,
      problems: [{ kind: 'auth', where: 'acme events', message: 'event queue ci: refused; allow it' }],
    });
  });
});

interface Queue {
  readonly inbox: Inbox;
  readonly waiting: QueuedEvent[];
  readonly send: (body: string, sentMs: number) => void;
}

/** A queue whose messages come back until they are removed. */
function queue(): Queue {
  const waiting: QueuedEvent[] = [];
  return {
    waiting,
    send: (body, sentMs) => {
      waiting.push({ body, sentMs });
    },
    inbox: {
      take: () => {
        const events = [...waiting];
        const remove = (): Promise<void> => {
          waiting.splice(0, waiting.length, ...waiting.filter((event) => !events.includes(event)));
          return Promise.resolve();
        };
        return Promise.resolve({ events, hasMore: false, remove });
      },
    },
  };
}

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 5, 9);

interface Told extends AsyncDisposable {
  readonly workspace: SimulatedWorkspace;
  readonly source: TestSource;
  /** A tick a minute later; runs of the repository that are counted now. */
  tick(): Promise<Readonly<Record<string, number>>>;
  readonly now: () => number;
}

/** Forty quiet repositories of which a tick can look at one or two, each looked at once already. */
async function quietWorkspace(inbox: Inbox | undefined, store: StateStore = createMemoryStateStore()): Promise<Told> {
  let nowMs = startMs;
  const clock = (): number => nowMs;
  const repositories = Array.from({ length: 40 }, (_, index) => ({
    slug: `repository-${String(index)}`,
    project: 'WEB',
    runsPerHour: 0,
    pipelines: 'some' as const,
  }));
  const workspace = createWorkspace({ slug: 'acme', seed: 1, startMs, repositories });
  const server = await startBitbucketServer({
    workspace,
    clock,
    credentials: new Map([['Bearer token', 'api-token']]),
  });
  const source = bitbucketSource(
    {
      endpoint: server.endpoint,
      requestsPerHour: 120,
      runners: { workspace: 'leave' },
      ...(inbox === undefined ? {} : { events: { webhookSecret: { secret: 'ci-metrics/bitbucket-webhook' } } }),
    },
    { clock, store, ...(inbox === undefined ? {} : { inbox }) },
  );
  const tick = async (): Promise<Readonly<Record<string, number>>> => {
    nowMs += minuteMs;
    const { collection } = await source.collect();
    return {
      ...valuesOf(collection.families, 'ci_runs_total', ['scope']),
      ...valuesOf(collection.families, 'ci_collector_webhook_events_total', ['source']),
    };
  };
  for (let minute = 0; minute < 45; minute += 1) await tick();
  return {
    workspace,
    source,
    tick,
    now: clock,
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** A run of the repository that stands last in the queue of looks, from a moment ago. */
function runOf({ workspace, now }: Told, slug: string): string {
  const found = workspace.repositories.find(({ plan }) => plan.slug === slug);
  const end = { endMs: now() + 20_000, result: 'SUCCESSFUL' as const };
  const step = { uuid: '{step}', trigger: 'automatic' as const, startMs: now() + 12_000, ...end };
  const run = { uuid: '{run}', number: 1, attempt: 1, kind: 'push' as const, branch: 'main', createdMs: now() + 5000 };
  workspace.add(slug, { ...run, ...end, steps: [step] });
  return messageOf('repo:commit_status_updated', { ...status(), repository: { uuid: found?.uuid } });
}

describe('a finish that an event has told of', { timeout: 300_000 }, () => {
  it('is counted in the very next run, where the looks in turn would have come much later', async () => {
    const told = queue();
    await using withEvents = await quietWorkspace(told.inbox);
    await using without = await quietWorkspace(undefined);

    expect(await withEvents.tick()).toEqual({ acme: 0 });
    expect(await without.tick()).toEqual({});
    told.send(runOf(withEvents, 'repository-17'), withEvents.now() + 21_000);
    runOf(without, 'repository-17');

    expect(await withEvents.tick()).toEqual({ 'repository-17': 1, acme: 1 });
    expect(await without.tick()).toEqual({});
    expect(told.waiting).toEqual([]);
  });

  it('counts once, however often the event comes and however often the poll sees it', async () => {
    const told = queue();
    await using workspace = await quietWorkspace(told.inbox);
    const message = runOf(workspace, 'repository-17');

    for (let minute = 0; minute < 45; minute += 1) {
      if (minute < 5) for (const seconds of [21, 22]) told.send(message, workspace.now() + seconds * 1000);
      if (minute === 3) workspace.source.coldStart();
      expect(await workspace.tick()).toMatchObject({ 'repository-17': 1 });
    }
  });

  it('stays in the queue until the state that knows of it was saved', async () => {
    const told = queue();
    const memory = createMemoryStateStore();
    let isBroken = false;
    const store: StateStore = {
      load: (id, until) => memory.load(id, until),
      save: (id, change, until) => (isBroken ? Promise.resolve('overtaken') : memory.save(id, change, until)),
    };
    await using workspace = await quietWorkspace(told.inbox, store);
    told.send(runOf(workspace, 'repository-17'), workspace.now() + 21_000);

    isBroken = true;
    await expect(workspace.tick()).rejects.toThrow();
    expect(told.waiting).toHaveLength(1);

    isBroken = false;
    expect(await workspace.tick()).toMatchObject({ 'repository-17': 1 });
    expect(told.waiting).toEqual([]);
  });

  it('waits in the state when no request is left, and comes first as soon as there is one', async () => {
    const told = queue();
    await using workspace = await quietWorkspace(told.inbox);
    const slugs = workspace.workspace.repositories.slice(0, 12).map(({ plan }) => plan.slug);
    for (const slug of slugs) told.send(runOf(workspace, slug), workspace.now() + 21_000);

    let counted: Readonly<Record<string, number>> = {};
    for (let minute = 0; minute < 25; minute += 1) counted = await workspace.tick();

    expect(told.waiting).toEqual([]);
    expect(Object.keys(counted).filter((slug) => slugs.includes(slug))).toHaveLength(12);
  });
});
