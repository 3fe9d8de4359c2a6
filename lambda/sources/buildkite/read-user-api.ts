import * as z from 'zod';
import { selects } from '../../config/glob.ts';
import { append } from '../../model/lists/append.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { Problem } from '../../model/problem.ts';
import type { CollectContext, Collection, SourcePorts } from '../source.ts';
import { expiryFamilies, isTokenFresh, missingScopes, readToken, TokenFacts } from './user-api/access-token.ts';
import type { AgentReading } from './agent-api/read-clusters.ts';
import { branchClasses } from './builds/branches.ts';
import { readBuildLists } from './builds/read-builds.ts';
import { type BuildLists, buildStream, countBuilds, selectedBuilds } from './builds/count-builds.ts';
import type { ApiSettings, BuildkiteConfig } from './config.ts';
import { countEvents, type EventOptions, type EventReading, takeEvents } from './events/job-events.ts';
import { declareSeries } from './builds/declare-series.ts';
import { forgetCursor } from './builds/resume-finished.ts';
import { type HostedQueues, hostedIn } from './queues/hosted-queues.ts';
import { graphqlProblemsOf, problemsOf, withoutRepetitions } from './user-api/problems.ts';
import { openMemory } from './user-api/budgets.ts';
import { askForQuiet, withoutRenamed } from './builds/find-ended-pipelines.ts';
import { activeFamilies, KnownPipelines, learned, withPlaces } from './builds/known-pipelines.ts';
import type { Build } from './user-api/rest-schema.ts';
import { knownPlaces } from './builds/find-queue-names.ts';
import type { KnownQueue } from './queues/read-queues.ts';
import { userApi } from './user-api/client.ts';
import type { UserRun } from './user-api/run.ts';
import { readWaits, type WaitsRead } from './queues/read-waiting.ts';
import { waitFamilies } from './queues/map-waiting.ts';

export interface UserReading extends Collection {
  /** What Buildkite told in this run, or last. */
  readonly hosted: HostedQueues;
}

export type ReadUser = (context: CollectContext, agents: Promise<AgentReading>) => Promise<UserReading>;

/** Reads what a user's API token shows: waits and paused queues, builds and jobs. */
export function userReader(config: BuildkiteConfig, settings: ApiSettings, ports: SourcePorts): ReadUser {
  const where = `buildkite/${config.name}`;
  const problemFrom = problemsOf(where, settings);
  const graphqlProblemFrom = graphqlProblemsOf(where, settings);
  let lastOrganization: string | undefined;
  let hosted: HostedQueues = new Map();
  return async (context, agents) => {
    const memory = await openMemory(context, settings, where);
    const problems = [...memory.problems];
    const organization = config.organization ?? organizationOf(await agents, where, problems) ?? lastOrganization;
    if (organization === undefined) return { families: [], problems, hosted };
    lastOrganization = organization;
    const api = userApi({ config, settings, ports, deadline: context.deadline }, organization, memory.budgets);
    const { ledger } = memory;
    const run: UserRun = {
      config,
      settings,
      api,
      organization,
      ledger,
      inbox: ports.inbox,
      signal: context.deadline.signal,
      nowMs: ports.clock(),
      problemFrom,
      graphqlProblemFrom,
      problems,
    };
    const { families, queues } = await readAll(run, agents);
    if (queues !== undefined) hosted = hostedIn(queues);
    return { families, problems: withoutRepetitions(problems), hosted };
  };
}

/** Undefined where the agent tokens do not tell, which is a problem only when they have told of more than one. */
function organizationOf({ organizations }: AgentReading, where: string, problems: Problem[]): string | undefined {
  const [first, ...others] = organizations;
  if (others.length > 0) {
    const message = `the agent tokens belong to several organizations (${organizations.join(', ')}); set organization to the one that apiToken reads`;
    problems.push({ kind: 'configuration', where, message });
    return undefined;
  }
  return first;
}

interface Read {
  readonly families: readonly MetricFamily[];
  /** As Buildkite shows them; undefined where it did not. */
  readonly queues: readonly KnownQueue[] | undefined;
}

async function readAll(run: UserRun, agents: Promise<AgentReading>): Promise<Read> {
  // The waits need no request of the REST budget, and the builds none of the GraphQL budget.
  const [waits, [token, events, lists]] = await Promise.all([readWaits(run, agents), readRest(run)]);
  const places = await knownPlaces(run, waits, lists);
  const families = [
    ...waitFamilies({ ...waitReading(run, waits, lists, places), known: (await agents).queues }),
    ...(await buildFamilies(run, token, lists)),
    ...expiryFamilies(run.config.name, token),
  ];
  count(run, lists, places);
  countArrived(run, events, queuesForEvents(await agents, waits));
  return { families, queues: waits.snapshot?.queues ?? places.queues };
}

type Rest = readonly [TokenFacts | undefined, EventReading | undefined, BuildLists];

/** What events tell needs no request, so they come first; the builds are listed when they are due. */
async function readRest(run: UserRun): Promise<Rest> {
  const facts = await readTokenFacts(run);
  const events = await readEvents(run);
  if (isPollDue(run, events)) return [facts, events, await readBuildLists(run)];
  run.ledger?.notDue(buildStream);
  return [facts, events, nothingListed];
}

const nothingListed: BuildLists = { finished: undefined, active: undefined, earlier: [], jobsSeenUntilMs: undefined };

async function readEvents({ config, inbox, ledger, problems, signal }: UserRun): Promise<EventReading | undefined> {
  // Without a memory an event would be lost; it stays in the queue.
  if (inbox === undefined || ledger === undefined) return undefined;
  const events = await takeEvents(inbox, `buildkite/${config.name}`, signal);
  append(problems, events.problems);
  return events;
}

const LastPoll = z.number();

/** Builds are listed in each run, unless events arrive: then only every few minutes. */
function isPollDue({ ledger, settings: { pollMinutes } }: UserRun, events: EventReading | undefined): boolean {
  if (ledger === undefined || pollMinutes === undefined) return true;
  const lastMs = ledger.recall('lastPoll', LastPoll);
  const isDue = lastMs === undefined || ledger.tickMs - lastMs >= pollMinutes * 60_000 || events?.isComplete !== true;
  ledger.remember('lastPoll', isDue ? ledger.tickMs : lastMs);
  return isDue;
}

/**
 * An event names no cluster: while a cluster's queues are not known, a name may look like that of another one alone.
 * No queue is known then, and the poll counts what the events would have told.
 */
function queuesForEvents({ queues, isComplete }: AgentReading, waits: WaitsRead): EventOptions['queues'] {
  if (!isComplete || !waits.isSnapshotComplete) return [];
  return [...queues, ...(waits.snapshot?.queues ?? []).map(placeNames)];
}

function placeNames({ scope, queue }: { readonly scope: string; readonly queue: string }): readonly [string, string] {
  return [scope, queue];
}

function countArrived(
  { config, organization, ledger }: UserRun,
  events: EventReading | undefined,
  queues: EventOptions['queues'],
): void {
  if (ledger === undefined || events === undefined) return;
  countEvents(ledger, events.finished, {
    source: config.name,
    organization,
    queues,
    isPipelineSelected: selects(config.pipelines ?? {}),
    isQueueSelected: selects(config.queues ?? {}),
  });
  ledger.afterSave(events.remove);
}

type WaitInput = Omit<Parameters<typeof waitFamilies>[0], 'known'>;
type KnownPlaces = Awaited<ReturnType<typeof knownPlaces>>;

function waitReading(
  { config, settings, nowMs }: UserRun,
  waits: WaitsRead,
  lists: BuildLists,
  places: KnownPlaces,
): WaitInput {
  const backlog = settings.waits === 'rest' ? waits.ofBuilds(lists, places) : waits.backlog;
  return {
    source: config.name,
    queues: waits.snapshot?.queues ?? places.queues,
    backlog,
    isStateTold: settings.waits === 'graphql',
    isSelected: selects(config.queues ?? {}),
    nowMs: waits.readMs ?? nowMs,
  };
}

/** Once an hour, of a short-lived token more often, and from the start of a state: a scope that is missing is told before anybody wonders. */
async function readTokenFacts(run: UserRun): Promise<TokenFacts | undefined> {
  const { api, ledger, nowMs, problemFrom, problems, settings } = run;
  const known = ledger?.recall('token', TokenFacts);
  let facts = known;
  if (known === undefined || !isTokenFresh(known, nowMs)) {
    try {
      facts = await readToken(api, nowMs);
    } catch (error) {
      const problem = problemFrom(error, 'access-token');
      if (problem === undefined) throw error;
      problems.push(problem);
    }
  }
  if (facts === undefined) return undefined;
  ledger?.remember('token', facts);
  const missing = missingScopes(facts, settings);
  if (missing.length > 0) {
    const message = `the API token lacks ${missing.join(' and ')}; add it in the token's settings, or leave out what needs it (waits, jobs)`;
    problems.push({ kind: 'auth', where: `buildkite/${run.config.name} access-token`, message });
  }
  return facts;
}

async function buildFamilies(
  run: UserRun,
  token: TokenFacts | undefined,
  { active, finished, earlier }: BuildLists,
): Promise<readonly MetricFamily[]> {
  const { config, organization, nowMs } = run;
  const isSelected = selects(config.pipelines ?? {});
  const builds = [...(finished?.value ?? []), ...(active?.value ?? [])];
  const current = await currentPipelines(run, token, builds);
  const before = withPlaces(current, selectedBuilds(earlier, isSelected), nowMs);
  const known = learned(before, selectedBuilds(builds, isSelected), nowMs);
  run.ledger?.remember('pipelines', known);
  if (active?.isComplete !== true) return [];
  const open = selectedBuilds(active.value, isSelected);
  return activeFamilies({ source: config.name, scope: organization, builds: open, known, nowMs });
}

/** What was known of pipelines, without those that are gone: what they left behind ends in this run. */
async function currentPipelines(
  run: UserRun,
  token: TokenFacts | undefined,
  builds: readonly Build[],
): Promise<KnownPipelines> {
  const { config, ledger, organization } = run;
  const isSelected = selects(config.pipelines ?? {});
  const renamed = withoutRenamed(ledger?.recall('pipelines', KnownPipelines) ?? {}, builds);
  const names = Object.entries(renamed.known);
  const asked = await askForQuiet(
    Object.fromEntries(names.filter(([name]) => isSelected(name))),
    token?.scopes ?? [],
    run,
  );
  const unselected = names.map(([name]) => name).filter((name) => !isSelected(name));
  for (const pipeline of [...renamed.ended, ...asked.ended, ...unselected])
    ledger?.endMarks({ system: 'buildkite', scope: organization, pipeline });
  return asked.known;
}

function count({ config, settings, organization, ledger }: UserRun, lists: BuildLists, places: KnownPlaces): void {
  if (ledger === undefined) return;
  const options = {
    source: config.name,
    organization,
    isPipelineSelected: selects(config.pipelines ?? {}),
    isQueueSelected: selects(config.queues ?? {}),
    branchOf: branchClasses(config),
    jobs: settings.jobs,
    ...places,
  };
  declareSeries(ledger, lists, options);
  // A job that was left out is looked for again, from the beginning of the window.
  if (countBuilds(ledger, lists, options) === 'some left out') forgetCursor(ledger);
}
