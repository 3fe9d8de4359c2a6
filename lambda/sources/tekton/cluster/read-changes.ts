/** Reads what has changed in a list since an earlier run: a watch of the Kubernetes API that ends after a moment. */
import * as z from 'zod';
import { BadResponseError, HttpStatusError, ResponseTooLargeError } from '../../../http/errors/errors.ts';
import { parseJson } from '../../../http/answers/json.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { type ListTarget, buildRunPath, parseServerTime, tableType } from './list-runs.ts';
import type { ClusterAnswer, ClusterSend } from './connect.ts';
import { type Rows, type RunRow, parseRows } from './table-rows.ts';
import { interpretCondition } from './state.ts';
import { Table } from './schema.ts';

export interface Changes {
  /** The newest state of each run that has changed; a run that was deleted is among them if it had ended. */
  readonly rows: readonly RunRow[];
  readonly unreadable: number;
  /** The state up to which changes are known by now; undefined where that is unknown. */
  readonly version: string | undefined;
  /** True where the server no longer knew what has changed, so that only the list itself can tell. */
  readonly isLost: boolean;
  readonly error?: unknown;
}

export interface ChangesOptions {
  readonly deadline: Deadline;
  readonly clock: Clock;
}

/**
 * The least that a watch can be asked for. What is known already comes at once; the server keeps 75 seconds of it, or
 * more (kube-apiserver, storage/cacher), which is longer than the default interval of the collector.
 */
const watchSeconds = 1;

/** The first event brings the columns, the later ones only their rows. */
const EventTable = Table.extend({ columnDefinitions: z.array(z.object({ name: z.string() })).nullish() });
const Event = z.object({ type: z.string(), object: z.unknown() });
const Status = z.object({ code: z.number() });

const gone = 410;

/** What has changed since `version`, without waiting for more. Throws nothing that can be expected of a network. */
export async function readChanges(
  send: ClusterSend,
  target: ListTarget,
  version: string,
  { deadline, clock }: ChangesOptions,
): Promise<Changes> {
  const { labelSelector } = target;
  const query = {
    watch: '1',
    resourceVersion: version,
    timeoutSeconds: String(watchSeconds),
    ...(labelSelector === undefined ? {} : { labelSelector }),
  };
  try {
    const answer = await send({ path: buildRunPath(target), query, accept: tableType, deadline });
    return parseChanges(answer, version, parseServerTime(answer, clock()));
  } catch (error) {
    if (error instanceof HttpStatusError && error.status === gone) return lost;
    // Too much has changed for one answer, and there will be more of it the next time.
    if (error instanceof ResponseTooLargeError) return lost;
    return { rows: [], unreadable: 0, version, isLost: false, error };
  }
}

const lost: Changes = { rows: [], unreadable: 0, version: undefined, isLost: true };

/** The state of now, from which changes can be asked for in the next run. @throws HttpError */
export async function readNewestVersion(
  send: ClusterSend,
  target: ListTarget,
  { deadline }: ChangesOptions,
): Promise<string | undefined> {
  const answer = await send({ path: buildRunPath(target), query: { limit: '1' }, accept: tableType, deadline });
  return parseJson(answer.where, answer, Table).metadata.resourceVersion;
}

/** @throws BadResponseError for a table without the columns of a run. */
function parseChanges(answer: ClusterAnswer, since: string, nowMs: number): Changes {
  const found: Found = { newest: new Map(), columns: [], version: since, unreadable: 0 };
  for (const line of splitLines(answer.body)) {
    const event = parseEvent(answer, line);
    if (event?.type === 'ERROR') return { ...interpretError(event, answer), rows: [...found.newest.values()] };
    if (event === undefined) found.unreadable += 1;
    else takeEvent(found, event, (table) => parseRows(table, nowMs, answer.where));
  }
  return { rows: [...found.newest.values()], unreadable: found.unreadable, version: found.version, isLost: false };
}

/** What the events so far have shown. */
interface Found {
  readonly newest: Map<string, RunRow>;
  columns: z.output<typeof Table>['columnDefinitions'];
  version: string;
  unreadable: number;
}

function takeEvent(
  found: Found,
  { type, object }: z.output<typeof Event>,
  readRows: (table: z.output<typeof Table>) => Rows,
): void {
  const table = EventTable.safeParse(object).data;
  if (table === undefined) {
    found.unreadable += 1;
    return;
  }
  found.columns = table.columnDefinitions ?? found.columns;
  found.version = table.metadata.resourceVersion ?? found.version;
  const { rows, unreadable } = readRows({ ...table, columnDefinitions: found.columns });
  found.unreadable += unreadable;
  for (const row of rows) takeRow(found.newest, row, type);
}

/** What was deleted before its end is told by the list, which does not show it any more. */
function takeRow(newest: Map<string, RunRow>, row: RunRow, type: string): void {
  const isOver = 'result' in interpretCondition(row.condition);
  if (type === 'DELETED' && !isOver) newest.delete(row.uid);
  else newest.set(row.uid, row);
}

/** That the version is too old is told by an event, because the status was sent before it was known. */
function interpretError({ object }: z.output<typeof Event>, answer: ClusterAnswer): Changes {
  const isGone = Status.safeParse(object).data?.code === gone;
  return isGone ? lost : { ...lost, error: createWatchError(answer) };
}

function createWatchError({ where }: ClusterAnswer): BadResponseError {
  return new BadResponseError(where, 'the watch ended with an error that is no 410');
}

const lineFeed = 0x0a;

/** Whole lines only: what the server was still writing when the watch ended comes again. */
function* splitLines(body: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < body.length;) {
    const end = body.indexOf(lineFeed, from);
    if (end === -1) return;
    if (end > from) yield body.subarray(from, end);
    from = end + 1;
  }
}

function parseEvent({ where, headers }: ClusterAnswer, body: Uint8Array): z.output<typeof Event> | undefined {
  try {
    return parseJson(where, { headers, body }, Event);
  } catch (error) {
    if (error instanceof BadResponseError) return undefined;
    throw error;
  }
}
