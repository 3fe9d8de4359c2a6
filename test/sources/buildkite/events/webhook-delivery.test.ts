/** Buildkite's own webhooks: what the function behind the URL takes, and what the source makes of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../../lambda/counters/ledger.ts';
import { createWebhookSender, type WebhookSender } from '../../../../lambda/demo/simulators/buildkite/webhooks.ts';
import type { Inbox } from '../../../../lambda/events/inbox.ts';
import { judgeWebhook } from '../../../../lambda/events/judge-webhook.ts';
import type { WebhookSchemeName } from '../../../../lambda/events/webhook-schemes.ts';
import { countEvents, takeEvents } from '../../../../lambda/sources/buildkite/events/job-events.ts';
import { buildkite as kind } from '../../../../lambda/sources/buildkite/index.ts';
import type { Collection } from '../../../../lambda/sources/source.ts';
import {
  type EndedJob,
  type SimulatedBuildkite,
  startSimulatedBuildkite,
} from '../../../demo/simulators/buildkite/simulated-buildkite.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource, type TestSource, totalsOf } from '../harness.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 2, 1, 10);
const secret = 'of the webhook';

/** The function behind the URL with its queue, which gives back what was not removed. */
interface Gate extends AsyncDisposable {
  readonly url: string;
  readonly waiting: Set<string>;
  readonly inbox: Inbox;
}

async function openGate(scheme: WebhookSchemeName, clock: () => number): Promise<Gate> {
  const waiting = new Set<string>();
  const server = await startLoopbackServer((_request, response, delivery) => {
    const { status, message } = judgeWebhook(delivery, { secret, scheme, nowMs: clock() });
    if (message !== undefined) waiting.add(message);
    response.writeHead(status).end();
  });
  const take: Inbox['take'] = () => {
    const bodies = [...waiting];
    const remove = (): Promise<void> => {
      for (const body of bodies) waiting.delete(body);
      return Promise.resolve();
    };
    return Promise.resolve({ events: bodies.map((body) => ({ body, sentMs: clock() })), hasMore: false, remove });
  };
  return { url: server.url, waiting, inbox: { take }, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const jobsIn = ({ families }: Collection): Readonly<Record<string, number>> =>
  totalsOf(families, 'ci_jobs_total', ['scope', 'queue']);

/** Of queues whose name is in one cluster only, and ends of which the event tells enough. */
const told = (jobs: readonly EndedJob[]): readonly EndedJob[] =>
  jobs.filter(({ at, job }) => at.queue !== 'default' && job.exitStatus !== -1);

function countsOf(jobs: readonly EndedJob[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { at } of jobs) {
    const key = `${at.cluster ?? 'unclustered'} ${at.queue}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

describe('webhooks of a living Buildkite', () => {
  let buildkite: SimulatedBuildkite;
  let nowMs = startMs;

  beforeEach(async () => {
    nowMs = startMs;
    buildkite = await startSimulatedBuildkite(startMs);
  });

  afterEach(() => buildkite.server.close());

  function senderTo(url: string, proof: 'signature' | 'token', token = secret): WebhookSender {
    return createWebhookSender({ url, organization: 'acme', token, proof, clock: () => nowMs });
  }

  function sourceOf(inbox: Inbox): TestSource {
    const { server, tokens } = buildkite;
    const raw = {
      endpoint: server.endpoint,
      graphqlEndpoint: server.graphqlEndpoint,
      restEndpoint: server.restEndpoint,
      organization: 'acme',
      agentTokens: [{ env: 'LINUX' }, { env: 'APPLE' }, { env: 'UNCLUSTERED' }],
      apiToken: { env: 'API' },
      hostedQueues: ['hosted'],
      events: { webhookSecret: { env: 'UNUSED' }, pollMinutes: 5 },
    };
    const { linux, apple, unclustered, api } = tokens;
    const variables = { LINUX: linux, APPLE: apple, UNCLUSTERED: unclustered, API: api };
    return buildkiteSource(raw, { variables, clock: () => nowMs, inbox });
  }

  async function minute(source: TestSource, minutes: number): Promise<Collection> {
    nowMs = startMs + minutes * minuteMs;
    buildkite.liveUntil(nowMs);
    return await source.count();
  }

  it.each([
    ['buildkite-signature', 'signature'],
    ['buildkite-token', 'token'],
  ] as const)('by %s count jobs at once, and the poll counts only the rest', async (scheme, proof) => {
    await using gate = await openGate(scheme, () => nowMs);
    await using source = sourceOf(gate.inbox);
    const sender = senderTo(gate.url, proof);
    await minute(source, 0);
    nowMs = startMs + minuteMs;
    buildkite.liveUntil(nowMs);
    const ended = buildkite.jobsFinishedSince(startMs);
    const answers = [await sender.sendPing()];
    for (const { job, at } of ended) answers.push(await sender.sendJobFinished(job, at));

    const between = await minute(source, 1);
    const polled = await minute(source, 5);

    expect(new Set(answers)).toEqual(new Set([202]));
    expect(told(ended).length).toBeGreaterThan(5);
    expect(between.problems).toEqual([]);
    expect(jobsIn(between)).toEqual(countsOf(told(ended)));
    expect(gate.waiting.size).toBe(0);
    expect(jobsIn(polled)).toEqual(countsOf(buildkite.jobsFinishedSince(startMs)));
  });

  it('are refused with another token, without a signature, and when they are sent once more later', async () => {
    await using gate = await openGate('buildkite-signature', () => nowMs);
    buildkite.liveUntil(startMs + minuteMs);
    const [ended] = buildkite.jobsFinishedSince(startMs);
    if (ended === undefined) throw new Error('nothing has finished');
    const { job, at } = ended;
    const earlier = createWebhookSender({
      ...{ url: gate.url, organization: 'acme', token: secret, proof: 'signature' },
      clock: () => nowMs - 6 * minuteMs,
    });

    expect(await senderTo(gate.url, 'signature', 'guessed').sendJobFinished(job, at)).toBe(401);
    expect(await senderTo(gate.url, 'token').sendJobFinished(job, at)).toBe(401);
    expect(await earlier.sendJobFinished(job, at)).toBe(401);
    expect(gate.waiting.size).toBe(0);
  });
});

describe('a delivery in the queue', () => {
  const delivered = {
    event: 'job.finished',
    job: {
      id: 'job-1',
      type: 'script',
      state: 'passed',
      exit_status: 0,
      signal: null,
      soft_failed: false,
      agent_query_rules: ['queue=linux'],
      runnable_at: '2026-03-01 10:00:05 UTC',
      started_at: '2026-03-01 10:00:35 UTC',
      finished_at: '2026-03-01 10:02:35 UTC',
    },
    build: { id: 'build-1', number: 42, commit: 'b'.repeat(40) },
    pipeline: { slug: 'api', url: 'https://api.buildkite.com/v2/organizations/acme/pipelines/api' },
  };

  async function resultsOf(
    content: unknown,
    event = 'job.finished',
  ): Promise<{ readonly results: readonly (string | undefined)[]; readonly problems: number }> {
    const body = JSON.stringify({ event, body: typeof content === 'string' ? content : JSON.stringify(content) });
    const inbox: Inbox = {
      take: () => Promise.resolve({ events: [{ body, sentMs: 0 }], hasMore: false, remove: () => Promise.resolve() }),
    };
    const { finished, problems } = await takeEvents(inbox, 'buildkite/main', new AbortController().signal);
    const results: (string | undefined)[] = [];
    const fromMs = Date.parse('2026-03-01T10:00:00Z');
    const ledger: Pick<Ledger, 'openWindow' | 'countFinish'> = {
      openWindow: () => ({ fromMs, newsFromMs: fromMs, toMs: fromMs + 600_000, isFirst: false }),
      countFinish: (_stream, _id, { counts }) => {
        results.push(counts[0]?.labels['result']);
      },
    };
    const everything = (): boolean => true;
    countEvents(ledger, finished, {
      ...{ source: 'main', organization: 'acme', queueIds: [{ scope: 'Linux', queue: 'linux' }] },
      ...{ isPipelineSelected: everything, isQueueSelected: everything },
    });
    return { results, problems: problems.length };
  }

  it.each([
    [{}, ['success']],
    [{ state: 'failed', exit_status: 1 }, ['failure']],
    [{ state: 'failed', exit_status: 1, soft_failed: true }, ['success']],
    [{ state: 'failed', exit_status: -1 }, ['error']],
    [{ state: 'timed_out', exit_status: 255 }, ['timeout']],
    [{ state: 'canceled', exit_status: null }, ['cancellation']],
    [{ state: 'finished', exit_status: 0 }, ['success']],
    [{ state: 'finished', exit_status: 2 }, ['failure']],
    [{ state: 'finished', exit_status: null }, []],
    [{ type: 'trigger' }, []],
  ])('of a job with %j counts as %j', async (job, results) => {
    expect(await resultsOf({ ...delivered, job: { ...delivered.job, ...job } })).toEqual({ results, problems: 0 });
  });

  it('finds the organization in the address of the build, where the pipeline has none', async () => {
    const build = {
      ...delivered.build,
      url: 'https://api.buildkite.com/v2/organizations/acme/pipelines/api/builds/42',
    };

    expect((await resultsOf({ ...delivered, build, pipeline: { slug: 'api' } })).results).toEqual(['success']);
  });

  it('of another organization counts nothing', async () => {
    const pipeline = { slug: 'api', url: 'https://api.buildkite.com/v2/organizations/other/pipelines/api' };

    expect(await resultsOf({ ...delivered, pipeline })).toEqual({ results: [], problems: 0 });
  });

  it.each(['ping', 'build.finished', 'job.started', 'agent.lost'])(
    'named %s is not needed, and no problem',
    async (event) => {
      expect(await resultsOf({ event }, event)).toEqual({ results: [], problems: 0 });
    },
  );

  it.each([
    ['no JSON', '{'],
    ['no job', '{}'],
    ['no organization', JSON.stringify({ ...delivered, pipeline: { slug: 'api' } })],
  ])('with %s is told', async (_what, content) => {
    expect(await resultsOf(content)).toEqual({ results: [], problems: 1 });
  });
});

describe('the configuration of events', () => {
  const raw = { kind: 'buildkite', organization: 'acme', apiToken: { env: 'API' } };

  it.each([
    [{ bus: 'aws.partner/buildkite.com/acme/1' }, { kind: 'partner-bus' }],
    [{ webhookSecret: { env: 'HOOK' } }, { kind: 'webhook', scheme: 'buildkite-signature', secret: { env: 'HOOK' } }],
    [
      { webhookSecret: { env: 'HOOK' }, webhookProof: 'token' },
      { kind: 'webhook', scheme: 'buildkite-token' },
    ],
  ])('%j gives %j', (events, feed) => {
    expect(kind.prepare({ ...raw, events }).events).toMatchObject(feed);
  });

  it.each([{}, { bus: 'aws.partner/buildkite.com/acme/1', webhookSecret: { env: 'HOOK' } }])(
    '%j names neither or both, and is refused',
    (events) => {
      expect(() => kind.prepare({ ...raw, events })).toThrow(
        'names either the bus of EventBridge or the webhookSecret',
      );
    },
  );

  it('lets the collector itself not read the secret of the webhook', () => {
    const { secrets } = kind.prepare({ ...raw, events: { webhookSecret: { env: 'HOOK' } } });

    expect(secrets).toEqual([{ env: 'API' }]);
  });
});
