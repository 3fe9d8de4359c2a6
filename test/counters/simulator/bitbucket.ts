import { HttpStatusError } from '../../../lambda/http/errors.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../../../lambda/http/http.ts';
import { queueJobs } from '../../../lambda/model/catalogue.ts';
import type { MetricDefinition } from '../../../lambda/model/metric.ts';
import { runDuration, runLastResult, runLastSuccess, runsFinished } from '../../../lambda/model/run-metrics.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import { secretOf } from '../../../lambda/secrets/secret.ts';
import { type ApiContext, BudgetSpentError } from '../../../lambda/sources/bitbucket-pipelines/api.ts';
import { lookAt } from '../../../lambda/sources/bitbucket-pipelines/look.ts';
import type { Repository } from '../../../lambda/sources/bitbucket-pipelines/memory.ts';
import type { PageCache } from '../../../lambda/sources/bitbucket-pipelines/page-cache.ts';
import type { RunPlace } from '../../../lambda/sources/bitbucket-pipelines/run-record.ts';
import { runsOf } from '../../../lambda/sources/bitbucket-pipelines/streams.ts';
import type { Source } from '../../../lambda/sources/source.ts';
import { failedCollection, type Poll, queueLevel, RefusedError, requestsOf, waitingCollection } from './poll.ts';
import { type Record, VendorError } from './vendor.ts';

export const bitbucketMetrics: readonly MetricDefinition[] = [
  queueJobs,
  runsFinished,
  runDuration,
  runLastResult,
  runLastSuccess,
];

const repository: Repository = {
  id: '{repository}',
  slug: 'web',
  mainBranch: 'main',
  number: 1,
  deploymentsMs: 0,
  pass: 1,
  lookedMs: 0,
  ranMs: 0,
  hotUntilMs: 0,
  open: { moving: 0, held: 0 },
  pipelines: 'some',
};

const place: RunPlace = {
  source: 'vendor',
  workspace: 'acme',
  slug: repository.slug,
  mainBranch: repository.mainBranch,
  branchLabel: () => 'main',
  // So that the duration comes with the finish, as in the simulated source.
  steps: 'leave',
};

export const bitbucketStream = runsOf(repository.id);

/** As the source names the pipeline of a run that was started by hand. */
export function bitbucketPipeline(duty: string): string {
  return `custom/${duty}`;
}

export interface BitbucketPoll extends Poll {
  readonly deadline: Deadline;
  /** Of the process, which outlives its invocations. */
  readonly pages: PageCache;
}

/** The source's own look at one repository, over a vendor that answers as Bitbucket does. */
export function bitbucketSource(poll: BitbucketPoll): Source {
  return {
    collect: async ({ openLedger }) => {
      await poll.actor.step('load');
      const ledger = await openLedger();
      const told = {
        ...poll,
        onComplete: () => {
          poll.onComplete();
          if (poll.tellsTime) ledger.sawTime(poll.now());
        },
      };
      const context = {
        api: apiOf(told),
        ledger,
        pages: poll.pages,
        stuckAfterMs: 3_600_000,
        unreadable,
        tell: () => undefined,
      };
      try {
        await lookAt(repository, place, [], context);
      } catch (error) {
        if (error instanceof HttpStatusError && error.status === 429) {
          poll.refusals.onWaiting();
          return waitingCollection();
        }
        if (error instanceof HttpStatusError) return failedCollection(error.message);
        // What the source leaves out for want of requests is no fault.
        if (!(error instanceof BudgetSpentError)) throw error;
      }
      return { families: [queueLevel(poll)], problems: [] };
    },
  };
}

function unreadable(count: number): void {
  if (count > 0) throw new RangeError('the simulated vendor gave a record that the source cannot read');
}

function apiOf(poll: BitbucketPoll): ApiContext {
  const { deadline, budget } = poll;
  let left = Math.min(budget.pages, budget.openRuns + 1);
  return {
    http: portOf(poll),
    access: {
      kind: 'access token',
      secret: 'env TOKEN',
      send: (_, send) => send(secretOf('Bearer token')),
    },
    endpoint: 'https://api.bitbucket.org/2.0',
    tls: undefined,
    deadline,
    budget: {
      perHour: 1000,
      wasBlocked: false,
      take: () => {
        left -= 1;
        return left >= 0;
      },
      left: () => Math.max(0, left),
      spare: () => 0,
      saw: () => undefined,
      refused: () => undefined,
      save: () => undefined,
    },
    onAnswer: () => undefined,
  };
}

function portOf(poll: BitbucketPoll): HttpPort {
  const request = requestsOf(poll);
  return {
    send: async ({ url, headers }) => {
      try {
        const id = runIn(url);
        await request(id === undefined ? `list ${url.searchParams.get('page') ?? ''}` : `get ${id}`);
      } catch (error) {
        if (error instanceof VendorError) throw refusal(503);
        if (error instanceof RefusedError) throw refusal(429);
        throw error;
      }
      return answerTo({ url, headers }, poll);
    },
    takeMeter: () => ({ attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 }),
    withoutSecrets: (text) => text,
    readClocks: () => [],
  };
}

function answerTo({ url, headers }: Pick<HttpRequest, 'url' | 'headers'>, poll: BitbucketPoll): HttpResponse {
  const id = runIn(url);
  if (id === undefined) return pageAnswer(url, headers['if-none-match'], poll);
  const record = poll.vendor.get(id, poll.faults, poll.now());
  if (record === undefined) throw refusal(404);
  return response(JSON.stringify(pipelineOf(record)), poll.now());
}

function runIn({ pathname }: URL): string | undefined {
  return /\/pipelines\/(.+)$/.exec(pathname)?.[1];
}

/** Newest first by pages with a number, as the source asks for it; nothing else can be selected. */
function pageAnswer(url: URL, etag: string | undefined, { vendor, now, onComplete }: BitbucketPoll): HttpResponse {
  const number = Number(url.searchParams.get('page') ?? '1');
  const query = {
    fromMs: -Infinity,
    toMs: Infinity,
    page: String(number - 1),
    paging: 'number',
    mixesEqual: false,
  } as const;
  const { records, next } = vendor.list(query, now());
  onComplete();
  const body = JSON.stringify({
    values: records.map(pipelineOf),
    ...(next === undefined ? {} : { next: `${url.origin}${url.pathname}?page=${String(number + 1)}` }),
  });
  if (etag === tagOf(body)) throw refusal(304);
  return response(body, now());
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

function tagOf(body: string): string {
  return `"${body}"`;
}

function response(body: string, receivedAtMs: number): HttpResponse {
  const headers = { 'content-type': 'application/json', etag: tagOf(body) };
  return { status: 200, headers, body: new TextEncoder().encode(body), receivedAtMs };
}

function refusal(status: number): HttpStatusError {
  return new HttpStatusError('GET https://api.bitbucket.org', { status, headers: {}, excerpt: '' });
}
