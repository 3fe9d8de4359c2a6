/** Compares queries, schemas and mappings of the source with what Bitbucket publishes and what was recorded of it. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { finishDeployment } from '../../../../lambda/sources/bitbucket-pipelines/deployments/finish-deployment.ts';
import { openStatuses } from '../../../../lambda/sources/bitbucket-pipelines/runs/list-open-runs.ts';
import { createBranchLabel } from '../../../../lambda/crawl/branch-label.ts';
import { branchOf, choosePipelineName } from '../../../../lambda/sources/bitbucket-pipelines/runs/repository.ts';
import {
  type FollowedRepository,
  interpretRecord,
} from '../../../../lambda/sources/bitbucket-pipelines/runs/finish.ts';
import { countUnknownStatuses } from '../../../../lambda/sources/bitbucket-pipelines/runners/runner-levels.ts';
import {
  DeploymentRecord,
  PipelineRecord,
  RunnerRecord,
} from '../../../../lambda/sources/bitbucket-pipelines/api/schema.ts';
import { interpretRunState, interpretStepState } from '../../../../lambda/sources/bitbucket-pipelines/runs/states.ts';
import { type Path, vendorFacts, withNullAt } from '../../../support/vendor-facts.ts';
import { minuteMs, opened, run, startMs } from '../opened.ts';

const Names = z.array(z.string());
const NamesOf = z.record(z.string(), Names);

const api = vendorFacts(
  'bitbucket/api.json',
  z.object({
    listParameters: NamesOf,
    pipelineStatuses: Names,
    pipelineOrders: Names,
    triggerTypes: Names,
    refTypes: Names,
    selectorTypes: Names,
    runnerStatuses: Names,
    members: NamesOf,
  }),
);

const recorded = vendorFacts(
  'bitbucket/recorded.json',
  z.object({
    listParameters: NamesOf,
    orders: NamesOf,
    members: NamesOf,
    hoped: NamesOf,
    pipelineStages: Names,
    pipelineStates: Names,
    pipelineResults: Names,
    stepResults: Names,
    deploymentStates: Names,
    deploymentResults: Names,
    otherSelectorTypes: Names,
  }),
);

/** Paths of the document, the longest first, as patterns. */
const places: readonly (readonly [pattern: RegExp, place: string])[] = Object.keys(api.listParameters)
  .filter((place) => place.startsWith('/'))
  .map((place) => [new RegExp(`^/2\\.0${place.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`), place]);

function placeOf({ pathname }: URL): string {
  const [, place] = places.find(([pattern]) => pattern.test(pathname)) ?? [];
  if (place === undefined) throw new Error(`the document has no path like ${pathname}`);
  return place;
}

/** What the list at a place shows. */
function kindAt(place: string): string {
  if (place.endsWith('/steps')) return 'step';
  if (place.endsWith('/runners')) return 'runner';
  if (place.endsWith('/deployments')) return 'deployment';
  if (place.endsWith('/environments')) return 'environment';
  return place.includes('/pipelines') ? 'pipeline' : 'repository';
}

/** Every request of a source that reads everything, of a workspace in which everything happens. */
async function everyRequest(): Promise<readonly URL[]> {
  const settings = { deployments: {}, runners: { repositories: ['*'] }, requestsPerHour: 10_000 };
  const repositories = Array.from({ length: 180 }, () => ({ environments: ['production'] }));
  await using bitbucket = await opened({ settings, repositories, requestsPerHour: 10_000 });
  await bitbucket.tick();
  const at = (minutes: number): number => startMs + minutes * minuteMs;
  for (let index = 0; index < 3; index += 1)
    bitbucket.workspace.add('shop', run(at(2), [{ startMs: at(2) }], { uuid: `{open-${String(index)}}` }));
  await bitbucket.tick(5);
  for (let index = 0; index < 60; index += 1) {
    const end = { startMs: at(10) + index, endMs: at(11) + index };
    bitbucket.workspace.add('shop', run(at(10) + index, [end], { uuid: `{run-${String(index)}}`, endMs: end.endMs }));
  }
  await bitbucket.tick(10);
  await bitbucket.tick(30);
  // One open run only: it is asked for by itself.
  for (let index = 0; index < 2; index += 1)
    bitbucket.workspace.add(
      'shop',
      run(at(2), [{ startMs: at(2) }], { uuid: `{open-${String(index)}}`, endMs: at(50) }),
    );
  await bitbucket.tick(10);
  await bitbucket.tick(60);
  return bitbucket.server.requests.map(({ path }) => new URL(path, 'http://localhost'));
}

describe('every request of the source', { timeout: 300_000 }, () => {
  it('has a path, parameters, words and members that are documented, or were recorded', async () => {
    const urls = await everyRequest();

    const unknown = new Set<string>();
    for (const url of urls) for (const word of unknownIn(url)) unknown.add(word);
    expect([...unknown]).toEqual([]);
    const asked = new Set(urls.map(placeOf));
    expect([...asked].sort()).toEqual(
      places
        .map(([, place]) => place)
        .filter((place) => asked.has(place))
        .sort(),
    );
    expect(asked.size).toBeGreaterThanOrEqual(8);
  });
});

function unknownIn(url: URL): readonly string[] {
  const place = placeOf(url);
  const parameters = [
    ...(api.listParameters['every list'] ?? []),
    ...(api.listParameters[place] ?? []),
    ...(recorded.listParameters[place] ?? []),
  ];
  const names = [...url.searchParams.keys()].filter((name) => !parameters.includes(name));
  const sort = url.searchParams.get('sort');
  const isOrder = sort === null || ordersAt(place).includes(sort);
  const statuses = url.searchParams.getAll('status').filter((status) => !api.pipelineStatuses.includes(status));
  return [
    ...names.map((name) => `${place} ?${name}`),
    ...(isOrder ? [] : [`${place} sort=${sort}`]),
    ...statuses.map((status) => `${place} status=${status}`),
    ...unknownMembers(url, kindAt(place)),
  ];
}

function ordersAt(place: string): readonly string[] {
  if (!place.endsWith('/pipelines')) return recorded.orders[place] ?? [];
  return api.pipelineOrders.flatMap((order) => [order, `-${order}`]);
}

function unknownMembers(url: URL, kind: string): readonly string[] {
  const fields = url.searchParams.get('fields')?.split(',') ?? [];
  const known = [api.members, recorded.members, recorded.hoped].flatMap((of) => of[kind] ?? []);
  return fields
    .filter((field) => field !== 'next')
    .map((field) => field.replace(/^values\./, ''))
    .filter((field) => !known.includes(field))
    .map((field) => `${kind} ${field}`);
}

describe('every word of Bitbucket', () => {
  it('for a status of a list is one of a run that is open, or of one that is not', () => {
    const ended = ['ERROR', 'PASSED', 'FAILED', 'STOPPED', 'UNKNOWN'];

    expect([...openStatuses, ...ended].sort()).toEqual([...api.pipelineStatuses].sort());
  });

  it.each([...api.selectorTypes, ...recorded.otherSelectorTypes])('for a selector, %s, names a pipeline', (type) => {
    expect(
      choosePipelineName({ type: null, ref_type: null, ref_name: null, selector: { type, pattern: null } }),
    ).not.toBe('other');
  });

  it.each(api.refTypes)('for a reference, %s, is a branch or none', (ref_type) => {
    const branch = branchOf({ type: 'pipeline_ref_target', ref_type, ref_name: 'a', selector: null });

    expect(branch).toBe(/branch/.test(ref_type) ? 'a' : undefined);
  });

  it.each(api.runnerStatuses)('for a runner, %s, is known', (status) => {
    const runner = RunnerRecord.parse({ uuid: '{a}', labels: [], state: { status } });

    expect(countUnknownStatuses([{ scope: 'acme', runner }])).toBe(0);
  });

  it.each(recorded.pipelineStates.map((name) => ({ name })))('for a run, %o, is known', (state) => {
    expect(interpretRunState(stateOf(state))).toMatchObject({ is: 'open', isKnown: true });
  });

  it.each(recorded.pipelineStages)('for a run in progress, %s, is known', (stage) => {
    expect(interpretRunState(stateOf({ name: 'IN_PROGRESS', stage }))).toMatchObject({ is: 'open', isKnown: true });
  });

  it.each(recorded.pipelineResults)('for the end of a run, %s, is known', (result) => {
    expect(interpretRunState(stateOf({ name: 'COMPLETED', result }))).toMatchObject({ is: 'ended', isKnown: true });
  });

  it.each(recorded.stepResults)('for the end of a step, %s, is known', (result) => {
    expect(interpretStepState(stateOf({ name: 'COMPLETED', result }))).toMatchObject({ is: 'ended', isKnown: true });
  });

  it.each(recorded.deploymentResults)('for the end of a deployment, %s, is known', (status) => {
    const state = { name: 'COMPLETED', status: { name: status }, completed_on: '2026-01-05T09:00:00Z' };
    const finish = finishDeployment(DeploymentRecord.parse({ uuid: '{a}', state }), place, new Map());

    expect(finish?.counts.map(({ labels }) => labels['result'])).not.toContain('other');
    expect(finish?.counts).toHaveLength(1);
  });

  it.each(recorded.deploymentStates)('for a deployment, %s, ends it only when it is completed', (name) => {
    const record = DeploymentRecord.parse({ uuid: '{a}', state: { name, completed_on: '2026-01-05T09:00:00Z' } });

    expect(finishDeployment(record, place, new Map()) !== undefined).toBe(name === 'COMPLETED');
  });

  it('for a child pipeline is the one that a list can be filtered by', () => {
    const trigger = { name: api.triggerTypes.at(-1) };

    expect(interpretRecord(PipelineRecord.parse({ ...whole, trigger }), place)).toMatchObject({ isChild: true });
  });
});

function stateOf({
  name,
  stage,
  result,
}: {
  readonly name: string;
  readonly stage?: string;
  readonly result?: string;
}) {
  const named = (text: string | undefined) => (text === undefined ? undefined : { name: text, type: undefined });
  return { name, type: undefined, stage: named(stage), result: named(result) };
}

const place: FollowedRepository = {
  source: 'acme',
  workspace: 'acme',
  slug: 'shop',
  mainBranch: 'main',
  branchLabel: createBranchLabel([]),
  steps: 'read',
};

/** A run with every member that is read. */
const whole = {
  uuid: '{a}',
  build_number: 1,
  run_number: 1,
  created_on: '2026-01-05T09:00:00Z',
  completed_on: '2026-01-05T09:01:00Z',
  duration_in_seconds: 60,
  build_seconds_used: 60,
  state: {
    name: 'COMPLETED',
    type: 'pipeline_state_completed',
    stage: null,
    result: { name: 'SUCCESSFUL', type: null },
  },
  target: {
    type: 'pipeline_ref_target',
    ref_type: 'branch',
    ref_name: 'main',
    selector: { type: 'branches', pattern: 'main' },
  },
  trigger: { name: 'PUSH', type: 'pipeline_trigger_push' },
};

/** Without these it is unknown which run it is, when it began, or whether it has ended. */
const needed: ReadonlySet<string> = new Set(['uuid', 'build_number', 'created_on', 'state']);

function placesIn(value: unknown, path: Path = []): readonly Path[] {
  const here = path.length === 0 ? [] : [path];
  if (typeof value !== 'object' || value === null) return here;
  return [...here, ...Object.entries(value).flatMap(([name, member]) => placesIn(member, [...path, name]))];
}

describe('a run in which one place is null', () => {
  const optional = placesIn(whole).filter((path) => !needed.has(path.join('.')));

  it.each(optional.map((path) => [path.join('.'), path] as const))('at %s is read all the same', (_, path) => {
    const { data } = PipelineRecord.safeParse(withNullAt(whole, path));

    expect(data).toBeDefined();
    expect(data === undefined ? undefined : interpretRecord(data, place)).toMatchObject({
      id: '{a}',
      number: 1,
      is: 'finished',
    });
  });
});
