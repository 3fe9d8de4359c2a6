/** Sends the requests of a delivery side by side, and finds the datums for which CloudWatch refuses a request. */
import { type Deadline, isOver } from '../../../runtime/deadline.ts';
import type { Delivery } from '../../sink.ts';
import type { MetricClient } from './client.ts';
import { type Datum, datumText } from '../encode/datum.ts';
import type { Unmade } from '../encode/encode-datums.ts';
import { type Failure, failureOf, tooLargeCause } from './explain-error.ts';
import { maxConcurrentRequests, maxSearchRequests } from '../limits.ts';
import { addSent, type Loss, lossOf, nothingSent, type Sent, tellLosses } from './losses.ts';
import type { RefusedBefore } from './refused-datums.ts';
import { type PutRequest, requestOf, splitRequests } from '../encode/split-requests.ts';
import { orderByDimensions, splitRefused } from './split-refused.ts';

export interface SendContext {
  readonly client: MetricClient;
  readonly tickMs: number;
  readonly deadline: Deadline;
  /** `cloudwatch/<name>` */
  readonly where: string;
  readonly refusedBefore: RefusedBefore;
  /** Namespaces that are sent before all others. */
  readonly first: readonly string[];
  /** Levels that were not even made, because the time was over; complete when the datums are at their end. */
  readonly unmade: () => readonly Unmade[];
}

/**
 * What one of the requests loses, the others do not. A request is taken when there is room to send it: its datums are
 * made then, and gone after, but for those of a request that was refused for what is in it.
 */
export async function sendAll(datums: Iterable<Datum>, context: SendContext): Promise<Delivery> {
  const leftOut = createLeftOut(context);
  const textOf = (datum: Datum): string => datumText(datum, context.tickMs);
  const requests = splitRequests(leftOut.withoutRefused(datums), textOf, context.first);
  const searching: Searching = { ...context, budget: createSearchBudget() };
  const refused: RefusedRequest[] = [];
  const worker = async (): Promise<Sent> => {
    let total = nothingSent;
    for (const request of requests) total = addSent(total, await sendFirst(request, searching, refused));
    return total;
  };
  const sent = await Promise.all(Array.from({ length: maxConcurrentRequests }, worker));
  const found = await searchAll(refused, searching);
  return deliveryOf(
    [...sent, found, { ...nothingSent, losses: [...leftOut.losses(), ...context.unmade().map(lossOfUnmade)] }].reduce(
      addSent,
    ),
    context.where,
  );
}

function deliveryOf({ losses, ...counted }: Sent, where: string): Delivery {
  const sumsWith = (fate: Failure['fate']): number =>
    losses.filter(({ failure }) => failure.fate === fate).reduce((total, { sums }) => total + sums, 0);
  return {
    ...counted,
    problems: tellLosses(losses, where),
    undelivered: losses.flatMap(({ parcels }) => parcels),
    unconfirmed: sumsWith('unknown'),
    dropped: sumsWith('refused'),
  };
}

function lossOfUnmade({ namespace, name, count }: Unmade): Loss {
  return { failure: notSent, namespace, count, example: `${namespace} ${name}`, sums: 0, parcels: [] };
}

interface LeftOut {
  /** Passes on what may be sent, and keeps count of the rest. */
  readonly withoutRefused: (datums: Iterable<Datum>) => Generator<Datum>;
  /** Complete when the datums are at their end. */
  readonly losses: () => readonly Loss[];
}

function createLeftOut({ refusedBefore, tickMs }: SendContext): LeftOut {
  const losses: Loss[] = [];
  return {
    *withoutRefused(datums) {
      for (const datum of datums) {
        const failure = refusedBefore.failureOf(datum, tickMs);
        if (failure === undefined) yield datum;
        else losses.push(lossOf([datum], failure, tickMs));
      }
    },
    losses: () => losses,
  };
}

interface Searching extends SendContext {
  readonly budget: SearchBudget;
}

interface SearchBudget {
  /** False when the write has not as many requests left for looking for refused datums. */
  readonly take: (requests: number) => boolean;
}

function createSearchBudget(): SearchBudget {
  let left = maxSearchRequests;
  return {
    take: (requests) => {
      left -= requests;
      return left >= 0;
    },
  };
}

interface RefusedRequest {
  readonly datums: readonly Datum[];
  readonly failure: Failure;
}

/** A request that is refused for what is in it is put aside: its neighbours may have been refused for the same queue. */
async function sendFirst(request: PutRequest, context: Searching, refused: RefusedRequest[]): Promise<Sent> {
  const { sent, failure } = await sendOnce(request, context);
  if (failure === undefined) return sent;
  const { datums } = request;
  if (failure.isForContent && failure.cause !== tooLargeCause) {
    refused.push({ datums, failure });
    return sent;
  }
  return addSent(sent, await searchParts({ datums, failure }, context));
}

/**
 * Datums come ordered by metric, so that a bad queue makes several requests fail. Ordered by queue they fail in one,
 * and the others are stored with one request each.
 */
async function searchAll(refused: readonly RefusedRequest[], context: Searching): Promise<Sent> {
  const [only] = refused;
  if (only === undefined) return nothingSent;
  if (refused.length === 1) return await searchParts(only, context);
  const [named, others] = separateNamed(refused);
  let total = nothingSent;
  for (const datums of [orderByDimensions(others), named]) {
    for (const request of splitRequests(datums, (datum) => datumText(datum, context.tickMs))) {
      const canSend = context.budget.take(1);
      const sent = canSend ? await search(request, context) : lose(request.datums, unsearched(only.failure), context);
      total = addSent(total, sent);
    }
  }
  return total;
}

function separateNamed(refused: readonly RefusedRequest[]): readonly [readonly Datum[], readonly Datum[]] {
  const parts = refused.map(({ datums, failure: { named = [] } }) => {
    const isNamed = new Set(named);
    return Map.groupBy(datums.entries(), ([position]) => isNamed.has(position));
  });
  const datumsIn = (isNamed: boolean): readonly Datum[] =>
    parts.flatMap((part) => (part.get(isNamed) ?? []).map(([, datum]) => datum));
  return [datumsIn(true), datumsIn(false)];
}

/** CloudWatch stores nothing of a request that it refuses, so its parts can be sent again, down to the bad datum. */
async function search(request: PutRequest, context: Searching): Promise<Sent> {
  const { sent, failure } = await sendOnce(request, context);
  if (failure === undefined) return sent;
  return addSent(sent, await searchParts({ datums: request.datums, failure }, context));
}

async function searchParts({ datums, failure }: RefusedRequest, context: Searching): Promise<Sent> {
  const { budget, refusedBefore, tickMs } = context;
  const halves = failure.isForContent ? splitRefused(datums, failure, refusedBefore.isSuspect) : undefined;
  if (halves === undefined) {
    const isKnown = failure.isForContent && failure.cause !== tooLargeCause;
    if (isKnown) for (const datum of datums) refusedBefore.remember(datum, failure, tickMs);
    return lose(datums, failure, context);
  }
  if (!budget.take(halves.length)) return lose(datums, unsearched(failure), context);
  let total = nothingSent;
  for (const half of halves)
    total = addSent(
      total,
      await search(
        requestOf(half, (datum) => datumText(datum, tickMs)),
        context,
      ),
    );
  return total;
}

/** Nothing of such a request was stored, and most of it is good: a later run, which knows more of it, sends it again. */
function unsearched(failure: Failure): Failure {
  return { ...failure, fate: 'not taken' };
}

function lose(datums: readonly Datum[], failure: Failure, { tickMs }: SendContext): Sent {
  return { ...nothingSent, losses: [lossOf(datums, failure, tickMs)] };
}

interface Answered {
  readonly sent: Sent;
  /** Why nothing of it was stored. */
  readonly failure?: Failure;
}

async function sendOnce({ namespace, datums, body }: PutRequest, context: SendContext): Promise<Answered> {
  const { client, deadline } = context;
  if (isOver(deadline)) return { sent: nothingSent, failure: notSent };
  const answer = await client.put({ namespace, body }, readingOf(datums), deadline.signal);
  const sent: Sent = { ...nothingSent, requests: 1, bytes: answer.bytes };
  if (answer.error === undefined) return { sent: { ...sent, accepted: datums.length } };
  return { sent, failure: isOver(deadline) ? cutOff : failureOf(answer.error, namespace) };
}

function readingOf(datums: readonly Datum[]): Datum['reading'] {
  return datums.some(({ reading }) => reading === 'sums') ? 'sums' : 'level';
}

const late = {
  kind: 'timeout',
  remedy: 'raise the function timeout, or shorten what the sources may take',
  isForContent: false,
} as const;

const notSent: Failure = {
  ...late,
  fate: 'not taken',
  cause: 'not sent',
  reason: 'the deadline of the run had passed before it was sent',
};
const cutOff: Failure = {
  ...late,
  fate: 'unknown',
  cause: 'cut off',
  reason: 'the deadline of the run passed before CloudWatch answered',
};
