/** Tests of finding pipelines that were renamed or deleted, whose last result must end. */
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryStateStore } from '../../../../lambda/counters/stores/memory-store.ts';
import { type LoopbackServer, startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { buildkiteSource, valuesOf } from '../harness.ts';

const servers: LoopbackServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const startMs = Date.UTC(2026, 0, 5, 10);
const minuteMs = 60_000;

interface Pipeline {
  readonly id: string;
  readonly slug: string;
}

interface World {
  readonly time: { nowMs: number };
  readonly asked: string[];
  /** What finished builds the list shows, as pipeline, state and minute of the end. */
  builds: readonly (readonly [pipeline: Pipeline, state: string, minute: number])[];
  /** By the slug that is asked for. */
  answers: Readonly<Record<string, Pipeline | number>>;
  /** The configuration is another one from then on, and the memory is the same. */
  readonly select: (configuration: object) => void;
  /** A run of the source, and the last verdict of each pipeline after it. */
  readonly verdicts: (minute: number) => Promise<Readonly<Record<string, number>>>;
}

function buildJson([pipeline, state, minute]: World['builds'][number]): object {
  const timeAt = (ms: number): string => new Date(startMs + ms).toISOString();
  const times = { created_at: timeAt((minute - 2) * minuteMs), started_at: timeAt((minute - 1) * minuteMs) };
  return {
    id: `${pipeline.id} ${String(minute)}`,
    number: minute,
    state,
    branch: 'main',
    ...times,
    finished_at: timeAt(minute * minuteMs),
    pipeline: { ...pipeline, default_branch: 'main' },
  };
}

async function world(scopes: readonly string[]): Promise<World> {
  const state: Pick<World, 'time' | 'asked' | 'builds' | 'answers'> = {
    time: { nowMs: startMs },
    asked: [],
    builds: [],
    answers: {},
  };
  const builtSince = (fromMs: number) => state.builds.filter(([, , minute]) => startMs + minute * minuteMs >= fromMs);
  const server = await startLoopbackServer((_request, response, { path }) => {
    response.setHeader('content-type', 'application/json');
    const slug = /\/pipelines\/([^/?]+)$/.exec(path)?.[1];
    if (slug !== undefined) {
      state.asked.push(slug);
      const answer = state.answers[slug] ?? 404;
      if (typeof answer === 'number') response.statusCode = answer;
      response.end(JSON.stringify(typeof answer === 'number' ? { message: 'No pipeline found' } : answer));
    } else if (path.includes('access-token')) response.end(JSON.stringify({ scopes }));
    else {
      const from = new URL(path, 'http://localhost').searchParams.get('finished_from');
      response.end(JSON.stringify(from === null ? [] : builtSince(Date.parse(from)).map(buildJson)));
    }
  });
  servers.push(server);
  const config = {
    organization: 'acme',
    apiToken: { env: 'API' },
    waits: 'off',
    jobs: 'skip',
    restEndpoint: server.url,
  };
  const store = createMemoryStateStore();
  const selecting = (selection: object) =>
    buildkiteSource(
      { ...config, ...selection },
      { variables: { API: 'bkua_test' }, clock: () => state.time.nowMs, store },
    );
  let source = selecting({});
  return Object.assign(state, {
    select: (selection: object) => {
      source = selecting(selection);
    },
    verdicts: async (minute: number) => {
      state.time.nowMs = startMs + minute * minuteMs;
      const { families, problems } = await source.count();
      expect(problems).toEqual([]);
      return valuesOf(families, 'ci_run_last_result', ['pipeline']);
    },
  });
}

const scopes = ['read_builds', 'read_pipelines'];
const web: Pipeline = { id: 'uuid-1', slug: 'web' };
const api: Pipeline = { id: 'uuid-2', slug: 'api' };

/** A red pipeline and a green one, seen in minute 5. */
async function redAndGreen(tokenScopes = scopes): Promise<World> {
  const acme = await world(tokenScopes);
  await acme.verdicts(0);
  acme.builds = [
    [web, 'failed', 3],
    [api, 'passed', 4],
  ];
  expect(await acme.verdicts(5)).toEqual({ web: 0, api: 1 });
  return acme;
}

describe('a pipeline of Buildkite', () => {
  it('that was renamed loses its red verdict in the run in which a build shows its new name', async () => {
    const acme = await redAndGreen();
    acme.builds = [[{ ...web, slug: 'shop' }, 'passed', 6]];

    expect(await acme.verdicts(7)).toEqual({ shop: 1, api: 1 });
  });

  it('that changed its name with another one has its own verdict under it', async () => {
    const acme = await redAndGreen();
    acme.builds = [
      [{ ...web, slug: 'api' }, 'failed', 6],
      [{ ...api, slug: 'web' }, 'passed', 6],
    ];

    expect(await acme.verdicts(7)).toEqual({ api: 0, web: 1 });
  });

  it('whose name another one has now leaves no verdict to it', async () => {
    const acme = await redAndGreen();
    acme.builds = [[{ id: 'uuid-9', slug: 'web' }, 'canceled', 6]];

    expect(await acme.verdicts(7)).toEqual({ api: 1 });
  });

  it('that was renamed and runs no more ends when Buildkite answers with another name', async () => {
    const acme = await redAndGreen();
    acme.builds = [];
    acme.answers = { web: { ...web, slug: 'shop' }, api };

    await acme.verdicts(70);
    expect(await acme.verdicts(71)).toEqual({ api: 1 });
  });

  it('that was deleted ends once two answers in a row say so', async () => {
    const acme = await redAndGreen();
    acme.builds = [];
    acme.answers = { api };

    expect(await acme.verdicts(70)).toEqual({ web: 0, api: 1 });
    expect(await acme.verdicts(71)).toEqual({ api: 1 });
    await acme.verdicts(72);
    await acme.verdicts(73);
    expect(acme.asked).toEqual(['web', 'web', 'api']);
  });

  it('that was missing once is still there', async () => {
    const acme = await redAndGreen();
    acme.builds = [];
    acme.answers = { api };
    await acme.verdicts(70);
    acme.answers = { api, web };

    expect(await acme.verdicts(71)).toEqual({ web: 0, api: 1 });
  });

  it('that is no longer selected leaves no verdict', async () => {
    const acme = await redAndGreen();
    acme.select({ pipelines: { exclude: ['web'] } });

    expect(await acme.verdicts(7)).toEqual({ api: 1 });
  });

  it.each([
    ['deleted', {}],
    ['renamed', { old: { id: 'uuid-7', slug: 'new' } }],
  ])('that ended before the installation and was %s leaves its verdict as well', async (_which, answers) => {
    const acme = await world(scopes);
    acme.builds = [[{ id: 'uuid-7', slug: 'old' }, 'failed', -300]];
    expect(await acme.verdicts(0)).toEqual({ old: 0 });
    acme.answers = answers;

    // Nothing of it is in any list from then on.
    for (const minute of [10, 30, 62]) await acme.verdicts(minute);
    expect(await acme.verdicts(63)).toEqual({});
    expect(acme.asked.length).toBeLessThanOrEqual(2);
  });

  it('is asked for in its turn, whether or not it has run since the installation', async () => {
    const acme = await world(scopes);
    const many = Array.from({ length: 5 }, (_, index) => ({ id: `uuid-${String(index)}`, slug: `p${String(index)}` }));
    acme.builds = many.map((pipeline, index) => [pipeline, 'passed', -300 + index] as const);
    acme.answers = Object.fromEntries(many.map((pipeline) => [pipeline.slug, pipeline]));
    await acme.verdicts(0);

    for (let minute = 61; minute < 71; minute += 1) await acme.verdicts(minute);

    expect(acme.asked.toSorted()).toEqual(many.map(({ slug }) => slug));
  });

  it('is asked for only when it is quiet, and by a token that may', async () => {
    const acme = await redAndGreen();
    const unable = await redAndGreen(['read_builds']);
    unable.builds = [];

    await acme.verdicts(20);
    await unable.verdicts(70);

    expect([...acme.asked, ...unable.asked]).toEqual([]);
  });
});
