/** The code of the source bitbucket-pipelines, crawling a simulated workspace of two repositories. */
import type { HttpRequest, HttpResponse } from '../../../../lambda/http/port.ts';
import { queueJobs } from '../../../../lambda/model/catalogue/queue-metrics.ts';
import type { MetricDefinition } from '../../../../lambda/model/metric.ts';
import {
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
  runsFinished,
} from '../../../../lambda/model/catalogue/run-metrics.ts';
import { wrapSecret } from '../../../../lambda/secrets/secret.ts';
import type { Access } from '../../../../lambda/sources/bitbucket-pipelines/api/access.ts';
import type { ApiContext } from '../../../../lambda/sources/bitbucket-pipelines/api/client.ts';
import { crawl } from '../../../../lambda/sources/bitbucket-pipelines/visits/crawl.ts';
import { budgetRules } from '../../../../lambda/sources/bitbucket-pipelines/api/budget-rules.ts';
import { type TickBudget, openTickBudget } from '../../../../lambda/crawl/tick-budget.ts';
import type { RunPages } from '../../../../lambda/sources/bitbucket-pipelines/runs/list-runs.ts';
import type { FollowedRepository } from '../../../../lambda/sources/bitbucket-pipelines/runs/finish.ts';
import { collectProblems } from '../../../../lambda/sources/bitbucket-pipelines/problems.ts';
import { buildRunStream } from '../../../../lambda/sources/bitbucket-pipelines/runs/streams.ts';
import type { Source } from '../../../../lambda/sources/source.ts';
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

export const bitbucketMetrics: readonly MetricDefinition[] = [
  queueJobs,
  runsFinished,
  runDuration,
  runLastFinished,
  runLastResult,
  runLastSuccess,
];

/** Each has every second run. */
const repositories = ['{repository-0}', '{repository-1}'] as const;

const place: Omit<FollowedRepository, 'slug' | 'mainBranch'> = {
  source: 'vendor',
  workspace: 'acme',
  branchLabel: () => 'main',
  // So that the duration comes with the finish, as in the simulated source.
  steps: 'leave',
};

/** One for each repository. */
export const bitbucketStreams = repositories.map(buildRunStream);

/** As the source names the pipeline of a run that was started by hand. */
export function bitbucketPipeline(duty: string): string {
  return `custom/${duty}`;
}

export interface BitbucketPoll extends CrawlPoll {
  /** Of the process, which outlives its invocations. */
  readonly pages: RunPages;
}

const access: Access = {
  kind: 'access token',
  secret: 'env TOKEN',
  send: (_, send) => send(wrapSecret('Bearer token')),
};

/** The source's own crawl, over a vendor that answers as Bitbucket does. */
export function bitbucketSource(poll: BitbucketPoll): Source {
  return {
    collect: async ({ openLedger }) => {
      await poll.actor.step('load');
      const ledger = await openLedger();
      // As every answer does in its header `Date`, a refusal and a failure among them.
      const tellTime = (): void => {
        if (poll.tellsTime()) ledger.noteVendorTime(poll.now());
      };
      const faults = collectProblems('vendor', access);
      const budget = limitRequests(openTickBudget(ledger, { ...budgetRules, configured: undefined }), poll);
      if (budget.wasBlocked) poll.refusals.onWaiting();
      await crawl({
        ...{
          api: apiOf(poll, budget, tellTime),
          ledger,
          budget,
          tickProblems: faults,
          deadline: poll.deadline,
          pages: poll.pages,
        },
        ...{ workspace: place.workspace, steps: place.steps, stuckAfterMs: 3_600_000, inbox: undefined },
        isSelected: () => true,
        hasDeployments: () => false,
        whenFound: () => Promise.resolve(),
        identify: (repository) => ({ ...place, ...repository }),
      });
      budget.save();
      const problems = budget.wasBlocked ? [blocked, ...faults.list()] : faults.list();
      // A level that was read beside a list that was not is none of a whole.
      return { families: problems.length > 0 ? [] : [queueLevel(poll)], problems };
    },
  };
}

function apiOf(poll: BitbucketPoll, budget: TickBudget, tellTime: () => void): ApiContext {
  return {
    http: createPort(poll, { tellTime, findRun: runIn, answer: (request) => answerTo(request, poll) }),
    access,
    endpoint: 'https://api.bitbucket.org/2.0',
    tls: undefined,
    deadline: poll.deadline,
    budget,
    onAnswer: () => undefined,
  };
}

function answerTo({ url, headers }: Pick<HttpRequest, 'url' | 'headers'>, poll: BitbucketPoll): HttpResponse {
  const repository = repositoryIn(url);
  if (repository === undefined)
    return makeResponse(JSON.stringify({ values: repositories.map(repositoryOf) }), poll.now());
  const id = runIn(url);
  if (id === undefined) return pageAnswer(url, repository, headers['if-none-match'], poll);
  const record = poll.vendor.get(id, poll.faults, poll.now());
  if (record === undefined) throw createRefusal(url, 404);
  return makeResponse(JSON.stringify(pipelineOf(record)), poll.now());
}

function repositoryOf(uuid: string, index: number): object {
  return { uuid, slug: `web-${String(index)}`, mainbranch: { name: 'main' } };
}

/** Its place among the repositories; undefined for their list. */
function repositoryIn({ pathname }: URL): number | undefined {
  const found = /\/repositories\/[^/]+\/([^/]+)/.exec(pathname)?.[1];
  return found === undefined ? undefined : repositories.findIndex((uuid) => uuid === decodeURIComponent(found));
}

function runIn({ pathname }: URL): string | undefined {
  return /\/pipelines\/(.+)$/.exec(pathname)?.[1];
}

/** Newest first by pages with a number, as the source asks for it; nothing else can be selected. */
function pageAnswer(url: URL, repository: number, etag: string | undefined, poll: BitbucketPoll): HttpResponse {
  const { vendor, now, onComplete, mixesStrange } = poll;
  const number = Number(url.searchParams.get('page') ?? '1');
  const query = {
    fromMs: -Infinity,
    toMs: Infinity,
    page: String(number - 1),
    paging: 'number',
    mixesEqual: false,
    has: (index: number): boolean => index % repositories.length === repository,
  } as const;
  const { records, next } = vendor.list(query, now());
  onComplete();
  const values = records.map(pipelineOf);
  const body = JSON.stringify({
    values: mixesStrange ? values.flatMap((value, index) => [strange(index), value]).concat(strange(1)) : values,
    ...(next === undefined ? {} : { next: `${url.origin}${url.pathname}?page=${String(number + 1)}` }),
  });
  if (etag === makeTag(body)) throw createRefusal(url, 304);
  return makeResponse(body, now());
}

/** What Bitbucket may have among its pipelines one day: something else, or one that lacks what none can lack. */
function strange(index: number): object | null {
  return [null, { type: 'pipeline_of_a_new_kind' }, { uuid: '', build_number: -1, state: 'GONE' }][index % 3] ?? null;
}

function pipelineOf({ runId, attempt, isFinished }: Record): object {
  const { number, createdMs, finishedMs, durationS, duty } = attempt;
  const state = isFinished
    ? { name: 'COMPLETED', result: { name: 'SUCCESSFUL' } }
    : { name: 'IN_PROGRESS', stage: { name: 'RUNNING' } };
  return {
    uuid: runId,
    build_number: 1,
    run_number: number,
    created_on: new Date(createdMs).toISOString(),
    ...(isFinished ? { completed_on: new Date(finishedMs).toISOString(), duration_in_seconds: durationS } : {}),
    state,
    target: { selector: { type: 'custom', pattern: duty } },
  };
}
