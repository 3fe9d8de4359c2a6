/** The code of the source github-actions, crawling a simulated organization of two repositories that also sends events. */
import type { HttpRequest, HttpResponse } from '../../../../lambda/http/port.ts';
import type { Inbox } from '../../../../lambda/events/inbox.ts';
import { reduceGithubEvent } from '../../../../lambda/events/reduce-github-event.ts';
import { openTickBudget } from '../../../../lambda/crawl/tick-budget.ts';
import { queueJobs } from '../../../../lambda/model/catalogue/queue-metrics.ts';
import { eventsTaken } from '../../../../lambda/model/catalogue/crawl-metrics.ts';
import type { MetricDefinition } from '../../../../lambda/model/metric.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsFinished,
} from '../../../../lambda/model/catalogue/run-metrics.ts';
import { wrapSecret } from '../../../../lambda/secrets/secret.ts';
import type { Access } from '../../../../lambda/sources/github-actions/api/access.ts';
import { budgetRules } from '../../../../lambda/sources/github-actions/api/budget-rules.ts';
import { createQueueNames } from '../../../../lambda/sources/github-actions/jobs/queue-names.ts';
import { collectProblems } from '../../../../lambda/sources/github-actions/problems.ts';
import type { RunPages } from '../../../../lambda/sources/github-actions/runs/list-runs.ts';
import type { RepositoryIdentity } from '../../../../lambda/sources/github-actions/runs/repository.ts';
import { buildRunStream } from '../../../../lambda/sources/github-actions/runs/streams.ts';
import { crawl } from '../../../../lambda/sources/github-actions/visits/crawl.ts';
import type { Source } from '../../../../lambda/sources/source.ts';
import type { Attempt, Run } from '../histories/fleet.ts';
import {
  blocked,
  type CrawlPoll,
  createPort,
  createRefusal,
  limitRequests,
  makeResponse,
  makeTag,
} from './crawl-ports.ts';
import { queueLevel } from './poll.ts';
import type { Record } from './vendor.ts';

export const githubMetrics: readonly MetricDefinition[] = [
  queueJobs,
  eventsTaken,
  runsFinished,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
];

/** Each has every second run. */
const repositories = [500, 501] as const;

/** One for each repository. */
export const githubStreams = repositories.map((id) => buildRunStream(String(id)));

const place: Omit<RepositoryIdentity, 'fullName' | 'defaultBranch'> = {
  ...{ source: 'vendor', organization: 'acme', webOrigin: 'https://github.com' },
  branchLabel: () => 'main',
  // So that the duration comes with the finish, as in the simulated source.
  jobs: 'leave',
};

const endpoint = 'https://api.github.com';

export interface GithubPoll extends CrawlPoll {
  /** Of the process, which outlives its invocations. */
  readonly pages: RunPages;
  /** Deliveries that nobody has removed yet, which outlives them all. */
  readonly queue: Delivery[];
  readonly onTaken: () => void;
}

/** An event on its way into the queue. Epoch milliseconds. */
export interface Delivery {
  readonly atMs: number;
  readonly body: string;
}

const access: Access = {
  kind: 'token',
  secret: 'env TOKEN',
  send: (_, send) => send(wrapSecret('Bearer token')),
  granted: () => undefined,
};

/** The source's own crawl, over a vendor that answers as GitHub does. */
export function githubSource(poll: GithubPoll): Source {
  return {
    collect: async ({ openLedger }) => {
      await poll.actor.step('load');
      const ledger = await openLedger();
      // As every answer does in its header `Date`, a refusal and a failure among them.
      const tellTime = (): void => {
        if (poll.tellsTime()) ledger.noteVendorTime(poll.now());
      };
      const tickProblems = collectProblems('vendor', access);
      const budget = limitRequests(openTickBudget(ledger, { ...budgetRules, configured: undefined }), poll);
      if (budget.wasBlocked) poll.refusals.onWaiting();
      const http = createPort(poll, { tellTime, findRun, answer: (request) => answerTo(request, poll) });
      const { deadline, pages } = poll;
      await crawl({
        api: { http, access, endpoint, tls: undefined, deadline, budget, onAnswer: () => undefined },
        ...{ ledger, budget, tickProblems, deadline, pages, names: createQueueNames([]) },
        ...{ source: place.source, organization: place.organization, jobs: place.jobs, stuckAfterMs: 3_600_000 },
        isSelected: () => true,
        hasDeployments: () => false,
        inbox: openInbox(poll),
        whenFound: () => Promise.resolve(),
        identify: ({ fullName, defaultBranch }) => ({ ...place, fullName, defaultBranch }),
      });
      budget.save();
      const problems = budget.wasBlocked ? [blocked, ...tickProblems.list()] : tickProblems.list();
      // A level that was read beside a list that was not is none of a whole.
      return { families: problems.length > 0 ? [] : [queueLevel(poll)], problems };
    },
  };
}

/** Nothing keeps two invocations from taking the same event: what is taken is hidden for a while only. */
function openInbox({ queue, actor, now, onTaken }: GithubPoll): Inbox {
  return {
    take: async () => {
      await actor.step('take');
      const taken = queue.filter(({ atMs }) => atMs <= now());
      if (taken.length > 0) onTaken();
      return {
        events: taken.map(({ atMs, body }) => ({ body, sentMs: atMs })),
        hasMore: false,
        remove: async () => {
          await actor.step('remove');
          for (const delivery of taken) if (queue.includes(delivery)) queue.splice(queue.indexOf(delivery), 1);
        },
      };
    },
  };
}

function answerTo({ url, headers }: Pick<HttpRequest, 'url' | 'headers'>, poll: GithubPoll): HttpResponse {
  const [, repository] = /\/repos\/acme\/web-(\d)/.exec(url.pathname) ?? [];
  if (repository === undefined) return makeResponse(JSON.stringify(repositories.map(mapRepository)), poll.now());
  const id = findRun(url);
  if (id === undefined) return answerWithPage(url, Number(repository), headers['if-none-match'], poll);
  const record = findAttempt(url, id, poll);
  if (record === undefined) throw createRefusal(url, 404);
  return makeResponse(JSON.stringify(mapRun(record)), poll.now());
}

function mapRepository(id: number, index: number): object {
  return { id, full_name: `acme/web-${String(index)}`, default_branch: 'main', archived: false, disabled: false };
}

/** Ids are numbers; those of the simulation are words with one in them. */
function findRun({ pathname }: URL): string | undefined {
  const number = /\/actions\/runs\/(\d+)/.exec(pathname)?.[1];
  return number === undefined ? undefined : `run-${String(Number(number) - firstRun)}`;
}

const firstRun = 9_000_000_000;

/** An attempt that a later one follows has ended, whatever the latest one does. */
function findAttempt({ pathname }: URL, id: string, { vendor, faults, now }: GithubPoll): Record | undefined {
  const number = Number(/\/attempts\/(\d+)$/.exec(pathname)?.[1]);
  const latest = vendor.get(id, faults, now());
  if (latest === undefined || latest.attempt.number <= number)
    return latest?.attempt.number === number ? latest : undefined;
  const earlier = vendor.runs.find((run) => run.id === id)?.attempts[number - 1];
  return earlier === undefined ? undefined : { runId: id, attempt: earlier, isFinished: true };
}

/** Newest first by pages with a number. */
function answerWithPage(url: URL, repository: number, etag: string | undefined, poll: GithubPoll): HttpResponse {
  const { vendor, now, onComplete, mixesStrange } = poll;
  const number = Number(url.searchParams.get('page') ?? '1');
  const query = {
    ...({ fromMs: -Infinity, toMs: Infinity, page: String(number - 1), paging: 'number', mixesEqual: false } as const),
    has: (index: number): boolean => index % repositories.length === repository,
  } as const;
  const { records, next, total } = vendor.list(query, now());
  onComplete();
  const rows = records.map(mapRun);
  const workflow_runs = mixesStrange ? rows.flatMap((row, index) => [strange[index % strange.length], row]) : rows;
  const body = JSON.stringify({ total_count: total, workflow_runs });
  if (etag === makeTag(body)) throw createRefusal(url, 304);
  const link =
    next === undefined ? {} : { link: `<${url.origin}${url.pathname}?page=${String(number + 1)}>; rel="next"` };
  return makeResponse(body, now(), link);
}

/** What GitHub may have among its runs one day. */
const strange: readonly unknown[] = [null, { id: 'one', status: 'odd' }, { id: -1, created_at: 'never' }];

function mapRun({ runId, attempt, isFinished }: Record): object {
  const { number, createdMs, startedMs, waitS, finishedMs, duty } = attempt;
  const askedMs = number === 1 ? createdMs : startedMs - waitS * 1000;
  return {
    ...{ id: firstRun + Number(runId.slice('run-'.length)), run_number: 1, run_attempt: number, event: 'push' },
    ...{ path: `.github/workflows/${duty}`, name: duty, head_branch: 'main' },
    status: isFinished ? 'completed' : 'in_progress',
    conclusion: isFinished ? 'success' : null,
    ...{ created_at: format(createdMs), run_started_at: format(askedMs) },
    updated_at: format(isFinished ? finishedMs : startedMs),
  };
}

function format(ms: number): string {
  return new Date(ms).toISOString();
}

/** What the webhook sends of all runs, as each history has it: some of it late, twice, in another order or never. */
export function planDeliveries(runs: readonly Run[]): Delivery[] {
  return runs.flatMap((run, index) =>
    run.attempts.flatMap((attempt) => {
      const askedMs = attempt.number === 1 ? attempt.createdMs : attempt.startedMs - attempt.waitS * 1000;
      return [
        ...deliver(run, index, attempt, { action: 'requested', atMs: askedMs }),
        ...deliver(run, index, attempt, { action: 'completed', atMs: attempt.finishedMs }),
      ];
    }),
  );
}

interface Told {
  readonly action: 'requested' | 'completed';
  readonly atMs: number;
}

function deliver({ id, told }: Run, index: number, attempt: Attempt, { action, atMs }: Told): readonly Delivery[] {
  if (told === undefined || told.loses === action || !Number.isFinite(atMs)) return [];
  const isFinished = action === 'completed';
  const repository = mapRepository(repositories[index % repositories.length] ?? 0, index % repositories.length);
  const content = { action, workflow_run: mapRun({ runId: id, attempt, isFinished }), repository };
  const body = reduceGithubEvent('workflow_run', JSON.stringify(content));
  const message = JSON.stringify({ event: 'workflow_run', body });
  const delayMs = (isFinished ? told.endDelayS : told.beginDelayS) * 1000;
  const first = { atMs: atMs + delayMs, body: message };
  return told.repeats ? [first, { ...first, atMs: first.atMs + repeatedAfterMs }] : [first];
}

const repeatedAfterMs = 100_000;
