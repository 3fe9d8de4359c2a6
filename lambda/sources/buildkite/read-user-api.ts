/** Reads waiting jobs, builds and events with a user's API token, and counts what ended. */
import * as z from 'zod';
import { matchSelection } from '../../settings/glob.ts';
import { credentialFamilies } from '../../model/credential.ts';
import { append } from '../../model/lists/append.ts';
import type { MetricFamily } from '../../model/metric.ts';
import { mergeRepeatedProblems } from '../../model/merge-problems.ts';
import type { Problem } from '../../model/problem.ts';
import type { CollectContext, Collection, SourcePorts } from '../source.ts';
import { readTokenFacts, type TokenFacts } from './user-api/access-token.ts';
import type { AgentReading } from './agent-api/read-clusters.ts';
import { createBranchClassifier } from './builds/branches.ts';
import { readBuildLists } from './build-lists/read-builds.ts';
import { type BuildLists, buildStream, countBuilds, selectBuilds } from './builds/count-builds.ts';
import type { ApiSettings, BuildkiteConfig } from './config.ts';
import { countEvents, type EventReading, takeEvents } from './events/job-events.ts';
import { declareSeries } from './builds/declare-series.ts';
import { forgetCursor } from './build-lists/resume-finished.ts';
import { type HostedQueues, collectHostedQueues } from './queues/hosted-queues.ts';
import { createGraphqlProblemDescriber, createProblemDescriber } from './user-api/problems.ts';
import { openLedgerAndBudgets } from './user-api/budgets.ts';
import { refreshPipelines } from './builds/find-ended-pipelines.ts';
import { learnPipelines, addEarlierPipelines } from './builds/known-pipelines.ts';
import { findWaitingJobs } from './build-lists/list-open-builds.ts';
import { mapOpenBuilds } from './builds/map-open-builds.ts';
import { type FoundQueueNames, findQueueNames } from './builds/find-queue-names.ts';
import type { QueueId } from './queues/queue-id.ts';
import type { KnownQueue } from './queues/read-queues.ts';
import { createUserApi } from './user-api/client.ts';
import type { UserRun } from './user-api/run.ts';
import { readWaiting, type WaitingReading } from './queues/read-waiting.ts';
import { mapWaiting, type WaitingFacts } from './queues/map-waiting.ts';
import { minuteMs } from '../../model/time.ts';

export interface UserReading extends Collection {
  /** As Buildkite answered in this run, or in the last one that got an answer. */
  readonly hosted: HostedQueues;
}

export type ReadUser = (context: CollectContext, agents: Promise<AgentReading>) => Promise<UserReading>;

/** Reads what a user's API token shows: waits and paused queues, builds and jobs. */
export function createUserReader(config: BuildkiteConfig, settings: ApiSettings, ports: SourcePorts): ReadUser {
  const where = `buildkite/${config.name}`;
  const problemFrom = createProblemDescriber(where, settings);
  const graphqlProblemFrom = createGraphqlProblemDescriber(where, settings);
  let lastOrganization: string | undefined;
  let hosted: HostedQueues = new Map();
  return async (context, agents) => {
    const opened = await openLedgerAndBudgets(context, settings, where);
    const problems = [...opened.problems];
    const organization = config.organization ?? findOrganization(await agents, where, problems) ?? lastOrganization;
    if (organization === undefined) return { families: [], problems, hosted };
    lastOrganization = organization;
    const api = createUserApi({ config, settings, ports, deadline: context.deadline }, organization, opened.budgets);
    const { ledger } = opened;
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
    const { families, queues, areQueuesAll } = await readAll(run, agents);
    const seen = collectHostedQueues(queues ?? []);
    hosted = areQueuesAll ? seen : new Map([...hosted, ...seen]);
    return { families, problems: mergeRepeatedProblems(problems), hosted };
  };
}

/** Undefined where no agent token answered, and where they belong to several organizations, which is a problem. */
function findOrganization({ organizations }: AgentReading, where: string, problems: Problem[]): string | undefined {
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
  /** Whether there are no others. */
  readonly areQueuesAll: boolean;
}

async function readAll(run: UserRun, agents: Promise<AgentReading>): Promise<Read> {
  // The waits need no request of the REST budget, and the builds none of the GraphQL budget.
  const [waits, [token, events, lists]] = await Promise.all([readWaiting(run, agents), readRest(run)]);
  const queueNames = await findQueueNames(run, waits, lists);
  const families = [
    ...mapWaiting({ ...buildWaitingFacts(run, waits, lists, queueNames), knownQueueIds: (await agents).queueIds }),
    ...(await updatePipelines(run, token, lists)),
    ...credentialFamilies({ system: 'buildkite', source: run.config.name }, token ?? {}),
  ];
  count(run, lists, queueNames);
  countArrived(run, events, collectQueueIds(await agents, waits));
  const queues = waits.snapshot?.queues ?? queueNames.queues;
  return { families, queues, areQueuesAll: queues !== undefined && queueNames.areNamesFinal };
}

type Rest = readonly [TokenFacts | undefined, EventReading | undefined, BuildLists];

/** What events tell needs no request, so they come first; the builds are listed when they are due. */
async function readRest(run: UserRun): Promise<Rest> {
  const facts = await readTokenFacts(run);
  const events = await readEvents(run);
  if (isPollDue(run, events)) return [facts, events, await readBuildLists(run)];
  run.ledger?.noteNotDue(buildStream);
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
  const isDue = lastMs === undefined || ledger.tickMs - lastMs >= pollMinutes * minuteMs || events?.isComplete !== true;
  ledger.remember('lastPoll', isDue ? ledger.tickMs : lastMs);
  return isDue;
}

/**
 * An event names no cluster: while a cluster's queues are not known, a name may look like that of another one alone.
 * No queue is known then, and the poll counts what the events would have counted.
 */
function collectQueueIds({ queueIds, isComplete }: AgentReading, waits: WaitingReading): readonly QueueId[] {
  if (!isComplete || !waits.isSnapshotComplete) return [];
  return [...queueIds, ...(waits.snapshot?.queues ?? [])];
}

function countArrived(
  { config, organization, ledger }: UserRun,
  events: EventReading | undefined,
  queueIds: readonly QueueId[],
): void {
  if (ledger === undefined || events === undefined) return;
  countEvents(ledger, events.finished, {
    source: config.name,
    organization,
    queueIds,
    isPipelineSelected: matchSelection(config.pipelines ?? {}),
    isQueueSelected: matchSelection(config.queues ?? {}),
  });
  ledger.deferUntilSaved(events.remove);
}

function buildWaitingFacts(
  { config, settings, nowMs }: UserRun,
  waits: WaitingReading,
  lists: BuildLists,
  queueNames: FoundQueueNames,
): Omit<WaitingFacts, 'knownQueueIds'> {
  const backlog = settings.waits === 'rest' ? findWaitingJobs(lists, queueNames) : waits.backlog;
  return {
    source: config.name,
    queues: waits.snapshot?.queues ?? queueNames.queues,
    backlog,
    isStateKnown: settings.waits === 'graphql',
    isSelected: matchSelection(config.queues ?? {}),
    nowMs: waits.readMs ?? nowMs,
  };
}

async function updatePipelines(
  run: UserRun,
  token: TokenFacts | undefined,
  { active, finished, earlier }: BuildLists,
): Promise<readonly MetricFamily[]> {
  const { config, organization, nowMs } = run;
  const isSelected = matchSelection(config.pipelines ?? {});
  const builds = [...(finished?.value ?? []), ...(active?.value ?? [])];
  const current = await refreshPipelines(run, token, builds);
  const before = addEarlierPipelines(current, selectBuilds(earlier, isSelected), nowMs);
  const known = learnPipelines(before, selectBuilds(builds, isSelected), nowMs);
  run.ledger?.remember('pipelines', known);
  if (active?.isComplete !== true) return [];
  const open = selectBuilds(active.value, isSelected);
  return mapOpenBuilds({ source: config.name, scope: organization, builds: open, known, nowMs });
}

function count(
  { config, settings, organization, ledger }: UserRun,
  lists: BuildLists,
  queueNames: FoundQueueNames,
): void {
  if (ledger === undefined) return;
  const options = {
    source: config.name,
    organization,
    isPipelineSelected: matchSelection(config.pipelines ?? {}),
    isQueueSelected: matchSelection(config.queues ?? {}),
    classifyBranch: createBranchClassifier(config),
    jobs: settings.jobs,
    ...queueNames,
  };
  declareSeries(ledger, lists, options);
  // A job that was left out is looked for again, from the beginning of the window.
  if (countBuilds(ledger, lists, options) === 'some left out') forgetCursor(ledger);
}
