/** Compares queries, schemas and mappings of the source with what Buildkite publishes about its APIs. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { activeFilters } from '../../../../lambda/sources/buildkite/build-lists/list-open-builds.ts';
import { JobFinished } from '../../../../lambda/sources/buildkite/events/job-events.ts';
import { buildFinishedFilters } from '../../../../lambda/sources/buildkite/build-lists/resume-finished.ts';
import {
  backlogQuery,
  moreQueuesQuery,
  queueSnapshotQuery,
} from '../../../../lambda/sources/buildkite/user-api/graphql-queries.ts';
import { Build, Job, Pipeline } from '../../../../lambda/sources/buildkite/user-api/rest-schema.ts';
import {
  agentErrors,
  mapBuildState,
  judgeBuild,
  judgeJob,
} from '../../../../lambda/sources/buildkite/builds/states.ts';
import { startLoopbackServer } from '../../../support/network/loopback-server.ts';
import { type Path, vendorFacts, withNullAt } from '../../../support/vendor-facts.ts';
import { faultsOf, fullAnswer, nullablePlaces, schema, valuesNamed } from './graphql-answers.ts';
import { buildkiteSource, valuesOf } from '../harness.ts';

const Names = z.array(z.string());

const rest = vendorFacts(
  'buildkite/rest.json',
  z.object({
    build: Names,
    pipeline: Names,
    job: Names,
    jobStates: Names,
    buildStates: Names,
    signalReasons: Names,
    buildListParameters: Names,
  }),
);

const events = vendorFacts(
  'buildkite/events.json',
  z.object({ job: Names, build: Names, pipeline: Names, organization: Names }),
);

const nowMs = Date.UTC(2026, 0, 5, 12);

const queries = { QueueSnapshot: queueSnapshotQuery, MoreQueues: moreQueuesQuery, Backlog: backlogQuery };
const Posted = z.object({ query: z.string() });

/** The source against a server whose answers are the full ones, but for these queries. */
async function readWith(...answers: readonly (readonly [query: string, data: unknown])[]) {
  await using server = await startLoopbackServer((request, response, { path, body }) => {
    response.setHeader('content-type', 'application/json');
    if (path.startsWith('/v2')) {
      response.end(path.includes('access-token') ? '{"scopes":["read_builds","graphql"]}' : '[]');
      return;
    }
    const { query } = Posted.parse(JSON.parse(body.toString()));
    const [, told] = answers.find(([asked]) => asked === query) ?? [];
    response.end(JSON.stringify({ data: told ?? fullAnswer(query) }));
  });
  await using source = buildkiteSource(
    {
      restEndpoint: `${server.url}/v2`,
      graphqlEndpoint: `${server.url}/v1`,
      organization: 'acme',
      apiToken: { env: 'API_TOKEN' },
    },
    { variables: { API_TOKEN: 'bkua_test' }, clock: () => nowMs },
  );
  return await source.count();
}

function keysIn(...answers: readonly unknown[]): readonly unknown[] {
  return answers.flatMap((answer) => valuesNamed(answer, 'key')).toSorted();
}

function named(path: Path): string {
  return path.join('.');
}

describe('what is asked of GraphQL', () => {
  it.each(Object.entries(queries))('is in the published schema: %s', (_, query) => {
    expect(faultsOf(query)).toEqual([]);
  });
});

/** The first cluster has a further page of queues. */
function withFurtherPage(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer).replace(/("queues":\{"pageInfo":\{"hasNextPage":)false/, '$1true'));
}

/** Keys that no other page has. */
function renamed(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer).replaceAll('"key-', '"further-key-'));
}

/** What hides no queue and no job when it is null, so that nothing is to be told. */
const details = /\.(metrics|dispatchPausedAt|endCursor|runnableAt|agentQueryRules|cluster|clusterQueue)$/;

describe('null where the published schema allows it', () => {
  it.each(nullablePlaces(queueSnapshotQuery).map((path) => [named(path), path] as const))(
    'in the queues costs only itself: %s',
    async (name, path) => {
      const answer = withNullAt(fullAnswer(queueSnapshotQuery), path);

      const { families, problems } = await readWith([queueSnapshotQuery, answer]);

      const told = Object.keys(valuesOf(families, 'ci_queue_paused', ['queue']));
      expect(told.toSorted()).toEqual(keysIn(answer));
      expect(problems.map(({ message }) => message).join()).not.toMatch(/unexpected shape/);
      expect(problems.length).toBe(details.test(name) ? 0 : 1);
    },
  );

  it.each(nullablePlaces(moreQueuesQuery).map((path) => [named(path), path] as const))(
    'on a further page of queues costs only itself: %s',
    async (name, path) => {
      const first = withFurtherPage(fullAnswer(queueSnapshotQuery));
      const second = renamed(withNullAt(fullAnswer(moreQueuesQuery), path));

      const { families, problems } = await readWith([queueSnapshotQuery, first], [moreQueuesQuery, second]);

      const told = Object.keys(valuesOf(families, 'ci_queue_paused', ['queue']));
      expect(told.toSorted()).toEqual(keysIn(first, second));
      expect(problems.length).toBe(details.test(name) ? 0 : 1);
    },
  );

  it.each(nullablePlaces(backlogQuery).map((path) => [named(path), path] as const))(
    'in the waiting jobs costs only itself: %s',
    async (name, path) => {
      const answer = withNullAt(fullAnswer(backlogQuery), path);

      const { families, problems } = await readWith([backlogQuery, answer]);

      const jobs = Object.values(valuesOf(families, 'ci_queue_jobs', ['scope', 'queue', 'state']));
      const oldest = Object.keys(valuesOf(families, 'ci_queue_oldest_wait_seconds', ['scope', 'queue']));
      expect(problems.map(({ message }) => message).join()).not.toMatch(/unexpected shape/);
      expect(problems.length).toBe(details.test(name) ? 0 : 1);
      // The oldest of some jobs is not the oldest of all.
      expect(oldest.length > 0).toBe(details.test(name));
      if (details.test(name)) expect(jobs.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1);
    },
  );
});

describe('the published states', () => {
  it.each(rest.jobStates)('of a job have a meaning each: %s', (state) => {
    expect(judgeJob({ state })?.result).not.toBe('other');
  });

  it.each(schema.enums['JobStates']?.filter((state) => state !== 'FINISHED') ?? [])(
    'of a job are the same by GraphQL: %s',
    (state) => {
      expect(rest.jobStates).toContainEqual(expect.stringMatching(new RegExp(`^(${state}|passed|failed)$`, 'i')));
      expect(judgeJob({ state })?.result).not.toBe('other');
    },
  );

  it.each(rest.buildStates)('of a build have a meaning each: %s', (state) => {
    expect(mapBuildState({ state }) !== undefined || judgeBuild({ state })?.result !== 'other').toBe(true);
  });

  it('of a build are asked for by name, each in one list', () => {
    const asked = [...activeFilters, ...buildFinishedFilters(nowMs)];
    const states = asked.filter(([name]) => name === 'state[]').map(([, state]) => state);

    expect(states.toSorted()).toEqual(rest.buildStates.toSorted());
    expect(rest.buildStates.map((state) => state.toUpperCase()).toSorted()).toEqual(
      schema.enums['BuildStates']?.toSorted(),
    );
    expect(asked.map(([name]) => name).filter((name) => !rest.buildListParameters.includes(name))).toEqual([]);
  });

  it('of signals that an agent sends or holds back are those of both APIs', () => {
    const known = [...agentErrors.keys(), 'cancel'].toSorted();

    expect(known).toEqual(rest.signalReasons.toSorted());
    expect(known).toEqual(schema.enums['JobEventSignalReason']?.map((reason) => reason.toLowerCase()).toSorted());
  });
});

describe('what is read of', () => {
  it.each([
    ['a build', Object.keys(Build.shape), rest.build],
    ['a pipeline', Object.keys(Pipeline.shape), rest.pipeline],
    ['a job', Object.keys(Job.shape), rest.job],
    ['a job in an event', Object.keys(JobFinished.shape.job.shape), [...events.job, 'signal']],
    ['a build in an event', Object.keys(JobFinished.shape.build.shape), events.build],
    ['a pipeline in an event', Object.keys(JobFinished.shape.pipeline.shape), events.pipeline],
    ['an organization in an event', Object.keys(JobFinished.shape.organization.shape), events.organization],
  ])('%s is documented', (_, read, published) => {
    expect(read.filter((field) => !published.includes(field))).toEqual([]);
  });
});
