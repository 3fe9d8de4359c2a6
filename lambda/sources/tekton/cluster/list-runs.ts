/** Pages through the lists of runs of the Kubernetes API, and reads single runs. */
import { BadResponseError, HttpStatusError, ResponseTooLargeError } from '../../../http/errors/errors.ts';
import { parseJson } from '../../../http/answers/json.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { ClusterAnswer, ClusterSend } from './connect.ts';
import { type RunRow, parseRows } from './table-rows.ts';
import { RunObject, Table } from './schema.ts';
import type { RunKind } from './state.ts';

/** A part of a cluster that is listed on its own. */
export interface ListTarget {
  readonly kind: RunKind;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
}

export interface Page {
  readonly rows: readonly RunRow[];
  /** Rows that cannot be read. */
  readonly unreadable: number;
  /** The server's clock, from which the ages in the table count. Epoch milliseconds. */
  readonly nowMs: number;
  /** With it the list goes on behind this page; absent on the last one. */
  readonly next: string | undefined;
  /** How many runs stand behind this page, where the server tells. */
  readonly left: number | undefined;
  /** The state of the cluster that the page shows; what changed since can be asked for with it. */
  readonly version: string | undefined;
  /** False for a page of a list that began in an earlier run: it shows the state of that time. */
  readonly isOfThisRun: boolean;
}

export interface PageOptions {
  readonly deadline: Deadline;
  readonly clock: Clock;
  /** Where a list of an earlier run was left. */
  readonly from?: string | undefined;
}

/** A Table is a tenth of the objects (about 1 kB a run), and it has the labels, which JSON lists do not have apart. */
export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

/** About half a megabyte a page; larger ones are not faster (kube-apiserver, 10,000 runs), smaller ones are. */
const pageRuns = 500;

/** With annotations of 256 KiB, the most that Kubernetes allows, 10 runs fit the limit of an answer. */
const leastPageRuns = 10;

/** A million runs: beyond it the server repeats itself. */
const maxPages = 2000;

/** Each one means that more than five minutes have passed since the list began; only one of an earlier run is that old. */
const maxExpired = 3;

export function buildRunPath({ kind, namespace }: Pick<ListTarget, 'kind' | 'namespace'>): string {
  return `/apis/tekton.dev/v1/${namespace === undefined ? '' : `namespaces/${encodeURIComponent(namespace)}/`}${kind}`;
}

/**
 * All runs of a target, page by page, so that no more than one page is in memory. In the order of `namespace/name`.
 * Never with `resourceVersion=0`: the server then ignores the limit and sends everything in one answer.
 * @throws HttpError for a page that cannot be read; the pages before have been given out by then.
 */
export async function* listPages(
  send: ClusterSend,
  target: ListTarget,
  { deadline, clock, from }: PageOptions,
): AsyncGenerator<Page> {
  let token = from;
  let isOfThisRun = from === undefined;
  let limit = pageRuns;
  let expired = 0;
  for (let pages = 0; pages < maxPages;) {
    try {
      const answer = await send({
        path: buildRunPath(target),
        query: buildListQuery(target, limit, token),
        accept: tableType,
        deadline,
      });
      const page = parsePage(answer, clock());
      const { next } = page;
      yield { ...page, isOfThisRun };
      if (next === undefined) return;
      if (next === token) throw new BadResponseError(answer.where, 'the list continues where it has just been');
      token = next;
      pages += 1;
    } catch (error) {
      const fresh = findFreshToken(error);
      if (isTooLarge(error, limit)) limit = Math.max(leastPageRuns, limit / 5);
      else if (fresh !== undefined && fresh !== token && expired < maxExpired) {
        token = fresh;
        isOfThisRun = true;
        expired += 1;
      } else throw error;
    }
  }
  throw new BadResponseError(buildRunPath(target), `the list has more than ${String(maxPages)} pages`);
}

function parsePage(answer: ClusterAnswer, clockMs: number): Omit<Page, 'isOfThisRun'> {
  const { where } = answer;
  const nowMs = parseServerTime(answer, clockMs);
  const table = parseJson(where, answer, Table);
  const { continue: next, remainingItemCount: left, resourceVersion: version } = table.metadata;
  return { ...parseRows(table, nowMs, where), nowMs, next: next === '' ? undefined : next, left, version };
}

function isTooLarge(error: unknown, limit: number): boolean {
  return error instanceof ResponseTooLargeError && limit > leastPageRuns;
}

function buildListQuery(
  { labelSelector }: ListTarget,
  limit: number,
  token: string | undefined,
): Readonly<Record<string, string>> {
  return {
    limit: String(limit),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(token === undefined ? {} : { continue: token }),
  };
}

/**
 * The token that comes with `410 Expired`: with it the list goes on from a newer state. Every run that existed all the
 * time is still listed once, and what has ended in between has ended after the window that is being counted.
 */
function findFreshToken(error: unknown): string | undefined {
  if (!(error instanceof HttpStatusError) || error.status !== 410) return undefined;
  // Read by its form, for the excerpt may end before the JSON does.
  return /"continue"\s*:\s*"([\w=-]+)"/.exec(error.excerpt)?.[1];
}

/** One whole run. @throws HttpError */
export async function readRun(
  send: ClusterSend,
  kind: RunKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  deadline: Deadline,
): Promise<RunObject> {
  const path = `${buildRunPath({ kind, namespace })}/${encodeURIComponent(name)}`;
  const answer = await send({ path, accept: 'application/json', deadline });
  return parseJson(answer.where, answer, RunObject);
}

/** By the `Date` of the answer, so that a clock that differs here changes no age. */
export function parseServerTime({ headers }: ClusterAnswer, nowMs: number): number {
  const date = Date.parse(headers['date'] ?? '');
  return Number.isNaN(date) ? nowMs : date;
}
