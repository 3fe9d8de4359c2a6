/** Tests of whole runs of the source `buildkite`: tokens, clusters, queues, agents and problems. */
import { afterEach, describe, expect, it } from 'vitest';
import type { MetricsAnswer } from '../../../lambda/demo/simulators/buildkite/api/agent-api.ts';
import { type BuildkiteServer, startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import type { ScenarioName } from '../../../lambda/demo/simulators/buildkite/api/scenarios.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import type { ProblemKind } from '../../../lambda/model/problem.ts';
import type { Collection } from '../../../lambda/sources/source.ts';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { buildkiteSource, type TestSource, valuesOf } from './harness.ts';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Jobs = Readonly<Record<string, number>>;

/** A cluster whose queues have these numbers of queued jobs, and no agents. */
function clusterOf(name: string, queued: Jobs): MetricsAnswer {
  const none = { idle: 0, busy: 0, total: 0 };
  const entries = Object.entries(queued).map(([queue, scheduled]) => [queue, counts(scheduled)] as const);
  const all = Object.values(queued).reduce((sum, scheduled) => sum + scheduled, 0);
  return {
    organization: { slug: 'acme' },
    cluster: { name },
    jobs: { ...counts(all), queues: Object.fromEntries(entries) },
    agents: { ...none, queues: {} },
  };
}

function counts(scheduled: number): { scheduled: number; running: number; waiting: number; total: number } {
  return { scheduled, running: 0, waiting: 0, total: scheduled };
}

interface World {
  readonly server: BuildkiteServer;
  readonly source: TestSource;
  /** By token; a test may change them between runs. */
  readonly answers: Map<string, MetricsAnswer>;
  /** Epoch milliseconds, for the source and the server. */
  readonly time: { nowMs: number };
}

const startMs = 1_800_000_000_000;

async function world(
  clusters: Readonly<Record<string, MetricsAnswer>>,
  extra: Readonly<Record<string, unknown>> = {},
  { pollSeconds = 10, attemptMs = 30_000 } = {},
): Promise<World> {
  const answers = new Map(Object.entries(clusters));
  const time = { nowMs: startMs };
  const clock = (): number => time.nowMs;
  const server = await startBuildkiteServer({ answers, clock, pollSeconds });
  closing.push(() => server.close());
  const tokens = Object.keys(clusters);
  const variables = Object.fromEntries(tokens.map((token) => [variableOf(token), token]));
  const agentTokens = tokens.map((token) => ({ env: variableOf(token) }));
  const timeouts = { attemptMs, headersMs: attemptMs };
  const source = buildkiteSource({ endpoint: server.endpoint, agentTokens, ...extra }, { variables, clock, timeouts });
  closing.push(async () => {
    await source[Symbol.asyncDispose]();
  });
  return { server, source, answers, time };
}

function variableOf(token: string): string {
  return token.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

function queued(families: readonly MetricFamily[]): Readonly<Record<string, number>> {
  const states = valuesOf(families, 'ci_queue_jobs', ['scope', 'queue', 'state']);
  return Object.fromEntries(
    Object.entries(states)
      .filter(([key]) => key.endsWith(' queued'))
      .map(([key, value]) => [key.replace(/ queued$/, ''), value]),
  );
}

const linux = clusterOf('Linux', { default: 2 });
const apple = clusterOf('Apple', { mobile: 5 });

describe('a token that fails', () => {
  it.each([
    ['unauthorized', 'auth', /secret|variable BAD/],
    ['unauthorized-html', 'auth', /variable BAD/],
    ['not-found', 'configuration', /check endpoint/],
    ['rate-limited', 'rate-limited', /variable BAD/],
    ['server-error', 'unavailable', /answered 500/],
    ['no-organization', 'auth', /names no organization: the agent token in environment variable BAD/],
    ['truncated', 'bad-response', /cut off/],
    ['redirect', 'bad-response', /redirect/],
    ['hang', 'timeout', /no (complete )?answer/],
  ] as const satisfies readonly (readonly [ScenarioName, ProblemKind, RegExp])[])(
    'costs only its own cluster when it answers with %s',
    async (scenario, kind, message) => {
      const { server, source } = await world({ good: linux, bad: apple });
      server.playScenario('bad', scenario);

      const { families, problems } = await source.collect(scenario === 'hang' ? 4000 : undefined);

      expect(queued(families)).toEqual({ 'Linux default': 2 });
      expect(problems.map((problem) => problem.kind)).toEqual([kind]);
      expect(problems[0]?.message).toMatch(message);
      expect(problems[0]?.where).toContain('buildkite/main (environment variable BAD)');
    },
  );

  it('is none when the queues of its cluster are more than a page of a list could hold', async () => {
    const names = Array.from({ length: 26_000 }, (_, index) => `${'x'.repeat(110)}-${String(index)}`);
    const large = clusterOf('Large', Object.fromEntries(names.map((name) => [name, 1])));
    expect(JSON.stringify(large).length).toBeGreaterThan(4 * 2 ** 20);
    const { source } = await world({ large });

    const { families, problems } = await source.collect();

    expect(problems).toEqual([]);
    expect(Object.keys(queued(families))).toHaveLength(names.length);
  });

  it('costs only its own cluster when nothing listens', async () => {
    const { server, source } = await world({ good: linux });
    await server.close();

    const { families, problems } = await source.collect();

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['unavailable']);
    closing.shift();
  });

  it('leaves time for the tokens of the next round when the first four hang', async () => {
    const hanging = ['h1', 'h2', 'h3', 'h4'];
    const { server, source } = await world({
      ...Object.fromEntries(hanging.map((token) => [token, clusterOf(token, { default: 1 })])),
      good: linux,
    });
    for (const token of hanging) server.playScenario(token, 'hang');

    const { families, problems } = await source.collect(6000);

    expect(queued(families)).toEqual({ 'Linux default': 2 });
    expect(problems.map(({ kind }) => kind)).toEqual(['timeout', 'timeout', 'timeout', 'timeout']);
  });

  it('publishes nothing old after a failed poll, and everything after the next good one', async () => {
    const { server, source, time } = await world({ good: linux });
    await source.collect();
    server.playScenario('good', 'server-error');
    time.nowMs += 60_000;

    const failed = await source.collect();
    server.playScenario('good', 'ok');
    time.nowMs += 1000;
    const recovered = await source.collect();

    expect(failed.families).toEqual([]);
    expect(queued(recovered.families)).toEqual({ 'Linux default': 2 });
    expect(recovered.problems).toEqual([]);
  });

  it('is told which secret to look at, never its value', async () => {
    const server = await startLoopbackServer((_, response, { headers }) => {
      const body = { message: `Invalid access token ${headers['authorization'] ?? ''}` };
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    closing.push(() => server.close());
    const config = { endpoint: `${server.url}/v3`, agentTokens: [{ env: 'AGENT_TOKEN' }] };
    await using source = buildkiteSource(config, { variables: { AGENT_TOKEN: canaries.token } });

    const collection = await source.collect();

    expect(server.requests[0]?.headers['authorization']).toBe(`Token ${canaries.token}`);
    expect(collection.problems[0]?.message).toContain('environment variable AGENT_TOKEN');
    expectNoCanary([collection, source.log.lines]);
  });

  it('is not asked at all with a list of tokens in one secret', async () => {
    const { server, source } = await world({ 'one,two': linux });

    const { families, problems } = await source.collect();

    expect(families).toEqual([]);
    expect(problems).toMatchObject([{ kind: 'configuration' }]);
    expect(problems[0]?.message).toContain('several tokens with commas');
    expect(server.requests).toEqual([]);
  });

  it('whose secret cannot be read costs only its own cluster', async () => {
    const { source } = await world({ good: linux, gone: apple });
    Reflect.deleteProperty(source.variables, 'GONE');

    const { families, problems } = await source.collect();

    expect(queued(families)).toEqual({ 'Linux default': 2 });
    expect(problems).toMatchObject([{ kind: 'auth' }]);
    expect(problems[0]?.message).toContain('GONE');
  });
});

describe('a request', () => {
  it('is one for each token, for all queues, with the word Token', async () => {
    const { server, source } = await world({ a: linux, b: apple });

    await source.collect();

    const asked = server.requests.map(({ method, path, authorization }) => [method, path, authorization]);
    expect(asked.sort()).toEqual([
      ['GET', '/v3/metrics', 'Token a'],
      ['GET', '/v3/metrics', 'Token b'],
    ]);
  });

  it.each(['/v3', '/v3/', '/v3//'])('is the same for the endpoint with the path %s', async (path) => {
    const { server } = await world({ a: linux });
    const config = { endpoint: `${server.url}${path}`, agentTokens: [{ env: 'A' }] };
    // As people paste it.
    await using source = buildkiteSource(config, { variables: { A: ' a\n' } });

    const { problems } = await source.collect();

    expect(problems).toEqual([]);
    expect(server.requests.map((request) => [request.path, request.authorization])).toEqual([
      ['/v3/metrics', 'Token a'],
    ]);
  });

  it('is repeated with the new token when the old one is refused, in the same run', async () => {
    const { server, source, answers, time } = await world({ old: linux });
    await source.collect();
    answers.clear();
    answers.set('new', clusterOf('Linux', { default: 7 }));
    source.variables['OLD'] = 'new';
    time.nowMs += 30_000;

    const { families, problems } = await source.collect();

    expect(problems).toEqual([]);
    expect(queued(families)).toEqual({ 'Linux default': 7 });
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['Token old', 'Token old', 'Token new']);
  });

  it('is read again for an answer that belongs to no organization, and its successor is used in the same run', async () => {
    const { source, answers, time } = await world({ old: linux });
    await source.collect();
    answers.set('old', { ...linux, organization: { slug: '' } });
    answers.set('new', linux);
    source.variables['OLD'] = 'new';
    time.nowMs += 30_000;

    const { families, problems } = await source.collect();

    expect(problems).toEqual([]);
    expect(queued(families)).toEqual({ 'Linux default': 2 });
  });

  it('forgets the queues of the old cluster when a rotated token leads to another one', async () => {
    const { source, answers, time } = await world({ old: linux });
    await source.collect();
    answers.clear();
    answers.set('new', apple);
    source.variables['OLD'] = 'new';
    time.nowMs += 30_000;

    const { families } = await source.collect();

    expect(queued(families)).toEqual({ 'Apple mobile': 5 });
  });
});

describe('the poll hint', () => {
  it.each([
    [0, 2],
    [8_000, 2],
    [8_999, 2],
    // A loop of exactly the hint, a little early because its run started earlier than the one before.
    [9_100, 9],
    [10_000, 9],
  ])('of 10 seconds after %i ms publishes %i queued jobs', async (laterMs, expected) => {
    const { source, answers, time } = await world({ a: linux });
    await source.collect();
    answers.set('a', clusterOf('Linux', { default: 9 }));
    time.nowMs += laterMs;

    const { families, problems } = await source.collect();

    expect(queued(families)).toEqual({ 'Linux default': expected });
    expect(problems).toEqual([]);
  });

  it('does not skip every other tick of a loop with the same interval, whose runs jitter', async () => {
    const { server, source, time } = await world({ a: linux });
    for (const jitterMs of [400, 0, 350, 20, 0, 480]) {
      time.nowMs += jitterMs;
      await source.collect();
      time.nowMs += 10_000 - jitterMs;
    }

    expect(server.requests).toHaveLength(6);
  });

  it('is kept for each token', async () => {
    const { server, source, time } = await world({ a: linux, b: apple });
    server.playScenario('b', 'server-error');
    await source.collect();
    server.playScenario('b', 'ok');
    time.nowMs += 1000;

    const { families } = await source.collect();

    expect(queued(families)).toEqual({ 'Linux default': 2, 'Apple mobile': 5 });
    expect(server.requests.filter(({ authorization }) => authorization === 'Token a')).toHaveLength(1);
  });

  it('longer than figures stay true becomes a problem with the time of the next poll', async () => {
    const { server, source, time } = await world({ a: linux }, {}, { pollSeconds: 240 });
    await source.collect();
    time.nowMs += 130_000;

    const { families, problems } = await source.collect();

    expect(families).toEqual([]);
    expect(problems).toMatchObject([{ kind: 'rate-limited', retryAtMs: startMs + 216_000 }]);
    expect(server.requests).toHaveLength(1);
  });

  it('of a mistaken server does not silence a cluster for longer than five minutes', async () => {
    const { source, time } = await world({ a: linux }, {}, { pollSeconds: 86_400 });
    await source.collect();
    time.nowMs += 300_000;

    const { problems } = await source.collect();

    expect(problems).toEqual([]);
  });

  it('does not outlive a clock that is set back', async () => {
    const { server, source, time } = await world({ a: linux });
    await source.collect();
    time.nowMs -= 3_600_000;

    await source.collect();

    expect(server.requests).toHaveLength(2);
  });
});

describe('a limited token', () => {
  it('is not asked again before the time that Buildkite names', async () => {
    const { server, source, time } = await world({ a: linux });
    server.playScenario('a', 'rate-limited');
    const first = await source.collect();
    const asked = server.requests.length;
    time.nowMs += 29_000;
    const second = await source.collect();
    expect(server.requests).toHaveLength(asked);

    server.playScenario('a', 'ok');
    time.nowMs += 1000;
    const third = await source.collect();

    const problem = { kind: 'rate-limited', retryAtMs: startMs + 30_000 };
    expect(first.problems).toMatchObject([problem]);
    expect(second.problems).toMatchObject([problem]);
    expect(third.problems).toEqual([]);
    expect(queued(third.families)).toEqual({ 'Linux default': 2 });
  });

  it('is asked again when the clock is set back', async () => {
    const { server, source, time } = await world({ a: linux });
    server.playScenario('a', 'rate-limited');
    await source.collect();
    server.playScenario('a', 'ok');
    time.nowMs -= 3_600_000;

    const { problems } = await source.collect();

    expect(problems).toEqual([]);
  });
});

describe('queues that Buildkite leaves out', () => {
  /** What each of these runs, 30 seconds apart, says about the queues. */
  async function runs(
    { source, answers, time }: World,
    token: string,
    polls: readonly (Jobs | 'same poll')[],
  ): Promise<readonly Jobs[]> {
    const seen: Jobs[] = [];
    for (const poll of polls) {
      time.nowMs += poll === 'same poll' ? 100 : 30_000;
      if (poll !== 'same poll') answers.set(token, clusterOf('Linux', poll));
      seen.push(queued((await source.collect()).families));
    }
    return seen;
  }

  it('are 0 for three successful polls and then gone', async () => {
    const here = await world({ a: linux });

    const seen = await runs(here, 'a', [{ one: 1, two: 2 }, { one: 1 }, { one: 1 }, { one: 1 }, { one: 1 }]);

    const zero = { 'Linux one': 1, 'Linux two': 0 };
    expect(seen).toEqual([{ 'Linux one': 1, 'Linux two': 2 }, zero, zero, zero, { 'Linux one': 1 }]);
  });

  it('count polls and not runs that use an answer again', async () => {
    const here = await world({ a: linux });

    const seen = await runs(here, 'a', [{ one: 1 }, {}, 'same poll', 'same poll', {}, {}, {}]);

    const zero = { 'Linux one': 0 };
    expect(seen).toEqual([{ 'Linux one': 1 }, zero, zero, zero, zero, zero, {}]);
  });

  it('do not count a failed poll, and are not published after it', async () => {
    const here = await world({ a: linux });
    await runs(here, 'a', [{ one: 1 }, {}]);
    here.server.playScenario('a', 'server-error');
    const failed = await runs(here, 'a', [{}, {}, {}]);
    here.server.playScenario('a', 'ok');

    const seen = await runs(here, 'a', [{}, {}, {}]);

    expect(failed).toEqual([{}, {}, {}]);
    expect(seen).toEqual([{ 'Linux one': 0 }, { 'Linux one': 0 }, {}]);
  });

  it('are not forgotten while their figures cannot be read', async () => {
    const here = await world({ a: linux });
    await runs(here, 'a', [{ one: 1 }, { one: -1 }, { one: -1 }, { one: -1 }, { one: -1 }]);

    const seen = await runs(here, 'a', [{}]);

    expect(seen).toEqual([{ 'Linux one': 0 }]);
  });

  it('stay 0 for ever where the configuration names them, from the first run', async () => {
    const here = await world({ a: linux }, { queues: { include: ['named', 'glob-*', 'out'], exclude: ['out'] } });

    const seen = await runs(here, 'a', [{ 'glob-a': 1 }, {}, {}, {}, {}, {}]);

    const zeros = { 'Linux named': 0, 'Linux glob-a': 0 };
    expect(seen[0]).toEqual({ 'Linux named': 0, 'Linux glob-a': 1 });
    expect(seen.slice(1, 4)).toEqual([zeros, zeros, zeros]);
    expect(seen.slice(4)).toEqual([{ 'Linux named': 0 }, { 'Linux named': 0 }]);
  });

  it('stay 0, with several tokens, only in the clusters that have shown them', async () => {
    const here = await world({ a: linux, b: apple }, { queues: { include: ['named'] } });

    const seen = await runs(here, 'a', [{}, { named: 1 }, {}, {}, {}, {}]);

    expect(seen[0]).toEqual({});
    expect(seen.slice(1)).toEqual([1, 0, 0, 0, 0].map((value) => ({ 'Linux named': value })));
  });

  it('on hosted agents are 0 without workers', async () => {
    const here = await world({ a: linux }, { hostedQueues: ['h*'] });
    await runs(here, 'a', [{ hosted: 1, own: 1 }]);
    here.answers.set('a', clusterOf('Linux', {}));
    here.time.nowMs += 30_000;

    const { families } = await here.source.collect();

    expect(queued(families)).toEqual({ 'Linux hosted': 0, 'Linux own': 0 });
    expect(Object.keys(valuesOf(families, 'ci_workers', ['queue', 'state']))).toEqual(['own idle', 'own busy']);
    expect(valuesOf(families, 'ci_queue_starved_jobs', ['queue'])).toEqual({ own: 0 });
  });

  it('have agents of 0 as well, so that a starved queue is seen', async () => {
    const { server, source } = await world({ a: clusterOf('Linux', {}) });
    server.playScenario('a', 'jobs-only-queue');

    const { families } = await source.collect();

    expect(valuesOf(families, 'ci_queue_starved_jobs', ['queue'])).toEqual({ 'jobs-only': 1 });
    expect(valuesOf(families, 'ci_workers', ['queue', 'state'])).toEqual({ 'jobs-only idle': 0, 'jobs-only busy': 0 });
    expect(valuesOf(families, 'buildkite_queues_total_agent_count', ['queue'])).toEqual({ 'jobs-only': 0 });
  });
});

describe('an answer with surprises', () => {
  it('with an empty queue key keeps the other queues', async () => {
    const { server, source } = await world({ a: linux });
    server.playScenario('a', 'empty-queue-key');

    const { families, problems } = await source.collect();

    expect(queued(families)).toEqual({ 'Linux default': 2 });
    expect(problems).toEqual([]);
  });

  it('without a cluster has the scope of the unclustered agents', async () => {
    const { server, source } = await world({ a: linux });
    server.playScenario('a', 'no-cluster');

    const { families } = await source.collect();

    expect(queued(families)).toEqual({ 'unclustered default': 2 });
    expect(valuesOf(families, 'buildkite_total_scheduled_jobs_count', ['org', 'cluster'])).toEqual({ 'acme ': 2 });
  });

  it.each([
    ['a negative one', -1],
    ['null', null],
    ['nothing', undefined],
    ['a text', '1'],
  ])('with %s in place of a figure says nothing about that figure, and keeps the others', async (_, running) => {
    const broken = { ...linux, jobs: { ...linux.jobs, queues: { default: { ...counts(1), running } } } };

    const { families, problems } = await collectedFrom(JSON.stringify(broken));

    expect(valuesOf(families, 'ci_queue_jobs', ['state'])).toEqual({ queued: 1, blocked: 0 });
    expect(valuesOf(families, 'buildkite_queues_running_jobs_count', ['queue'])).toEqual({});
    expect(valuesOf(families, 'buildkite_queues_unfinished_jobs_count', ['queue'])).toEqual({ default: 1 });
    expect(valuesOf(families, 'buildkite_total_running_jobs_count', ['cluster'])).toEqual({ Linux: 0 });
    expect(problems).toMatchObject([{ kind: 'bad-response' }]);
    expect(problems[0]?.message).toContain('1 figure is missing');
    expect(problems[0]?.message).toContain('jobs.running of queue default');
  });

  it.each([{ cluster: {} }, { cluster: { name: null } }, { cluster: { name: '' } }, { cluster: { name: '  ' } }])(
    'with %j is that of the agents without a cluster, as for Buildkite’s own tool',
    async ({ cluster }) => {
      const { families, problems } = await collectedFrom(JSON.stringify({ ...linux, cluster }));

      expect(problems).toEqual([]);
      expect(queued(families)).toEqual({ 'unclustered default': 2 });
    },
  );

  it('with a queue that is called like a property of every object has that queue', async () => {
    const queues = `{"__proto__":${JSON.stringify(counts(3))},"constructor":${JSON.stringify(counts(4))}}`;
    const body = JSON.stringify({ ...linux, jobs: { ...counts(7), queues: 'QUEUES' } }).replace('"QUEUES"', queues);

    const { families } = await collectedFrom(body);

    expect(Object.entries(queued(families))).toContainEqual(['Linux __proto__', 3]);
    expect(Object.entries(queued(families))).toContainEqual(['Linux constructor', 4]);
  });

  it('with null for an empty map has no queues', async () => {
    const empty = { ...linux, jobs: { ...counts(0), queues: null }, agents: { ...linux.agents, queues: null } };

    const { families, problems } = await collectedFrom(JSON.stringify(empty));

    expect(problems).toEqual([]);
    expect(valuesOf(families, 'buildkite_total_scheduled_jobs_count', ['cluster'])).toEqual({ Linux: 0 });
  });

  it.each([
    ['without queues', JSON.stringify({ ...linux, jobs: counts(0) })],
    ['without agents', JSON.stringify({ ...linux, agents: undefined })],
    ['of a cluster that is a text', JSON.stringify({ ...linux, cluster: 'Linux' })],
    ['no JSON', 'upstream connect error'],
    ['a page', '<html><body>Sign in</body></html>'],
    ['nothing', ''],
    ['a list', '[]'],
  ])('%s is a problem and no zeros', async (_, body) => {
    const { families, problems } = await collectedFrom(body);

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['bad-response']);
  });
});

async function collectedFrom(body: string): Promise<Collection> {
  await using server = await startLoopbackServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  const config = { endpoint: `${server.url}/v3`, agentTokens: [{ env: 'A' }] };
  await using source = buildkiteSource(config, { variables: { A: 'a' } });
  return await source.collect();
}

describe('a deadline', () => {
  it('that has passed is a problem for each token, without a request', async () => {
    const { server, source } = await world({ a: linux, b: apple });

    const { families, problems } = await source.collect(1000, AbortSignal.abort());

    expect(families).toEqual([]);
    expect(problems.map(({ kind }) => kind)).toEqual(['timeout', 'timeout']);
    expect(server.requests).toEqual([]);
  });
});
