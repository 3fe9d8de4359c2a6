/** Sends the requests of a delivery side by side, and finds the datums for which CloudWatch refuses a request. */
import { explainRunEnd, isInterruption } from '../../../runtime/abort.ts';
import { type Deadline, isOver } from '../../../runtime/deadline.ts';
import type { Delivery } from '../../sink.ts';
import type { MetricClient } from './client.ts';
import { type Datum, createDatumWriter } from '../encode/datum.ts';
import type { Unmade } from '../encode/encode-datums.ts';
import { type SendProblem, explainError, tooLargeCause } from './explain-error.ts';
import { maxConcurrentRequests, maxSearchRequests } from '../limits.ts';
import { addSent, type Loss, buildLoss, nothingSent, type Sent, describeLosses } from './losses.ts';
import type { RefusedDatums } from './refused-datums.ts';
import { type PutRequest, buildRequest, splitRequests } from '../encode/split-requests.ts';
import { orderByDimensions, splitRefused } from './split-refused.ts';

export interface SendContext {
  readonly client: MetricClient;
  readonly tickMs: number;
  readonly deadline: Deadline;
  /** `cloudwatch/<name>` */
  readonly where: string;
  readonly refusedDatums: RefusedDatums;
  /** Namespaces that are sent before all others. */
  readonly firstNamespaces: readonly string[];
  /** Levels that were not even made, because the time was over; complete when the datums are at their end. */
  readonly unmade: () => readonly Unmade[];
}

/**
 * What one of the requests loses, the others do not. A request is taken when there is room to send it: its datums are
 * made then, and gone after, but for those of a request that was refused for what is in it.
 */
export async function sendDatums(datums: Iterable<Datum>, context: SendContext): Promise<Delivery> {
  const leftOut = createLeftOut(context);
  const write = createDatumWriter(context.tickMs);
  const requests = splitRequests(leftOut.omitRefused(datums), write, context.firstNamespaces);
  const searching: Searching = { ...context, budget: createSearchBudget() };
  const refused: RefusedRequest[] = [];
  const drainRequests = async (): Promise<Sent> => {
    let total = nothingSent;
    for (const request of requests) total = addSent(total, await sendFirst(request, searching, refused));
    return total;
  };
  const sent = await Promise.all(Array.from({ length: maxConcurrentRequests }, drainRequests));
  const found = await searchRefused(refused, searching);
  return buildDelivery(
    [
      ...sent,
      found,
      {
        ...nothingSent,
        losses: [...leftOut.losses(), ...context.unmade().map((unmade) => buildUnmadeLoss(unmade, context.deadline))],
      },
    ].reduce(addSent),
    context.where,
  );
}

function buildDelivery({ losses, ...counts }: Sent, where: string): Delivery {
  const countSums = (fate: SendProblem['fate']): number =>
    losses.filter(({ problem }) => problem.fate === fate).reduce((total, { sums }) => total + sums, 0);
  return {
    ...counts,
    problems: describeLosses(losses, where),
    undelivered: losses.flatMap(({ parcels }) => parcels),
    unconfirmed: countSums('unknown'),
    dropped: countSums('refused'),
  };
}

function buildUnmadeLoss({ namespace, name, count }: Unmade, deadline: Deadline): Loss {
  return {
    problem: describeNotSent(deadline),
    namespace,
    count,
    example: `${namespace} ${name}`,
    sums: 0,
    parcels: [],
  };
}

interface LeftOut {
  /** Passes on what may be sent, and keeps count of the rest. */
  readonly omitRefused: (datums: Iterable<Datum>) => Generator<Datum>;
  /** Complete when the datums are at their end. */
  readonly losses: () => readonly Loss[];
}

function createLeftOut({ refusedDatums, tickMs }: SendContext): LeftOut {
  const losses: Loss[] = [];
  return {
    *omitRefused(datums) {
      for (const datum of datums) {
        const problem = refusedDatums.findProblem(datum, tickMs);
        if (problem === undefined) yield datum;
        else losses.push(buildLoss([datum], problem, tickMs));
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
  readonly problem: SendProblem;
}

/** A request that is refused for what is in it is put aside: its neighbours may have been refused for the same queue. */
async function sendFirst(request: PutRequest, context: Searching, refused: RefusedRequest[]): Promise<Sent> {
  const { sent, problem } = await sendOnce(request, context);
  if (problem === undefined) return sent;
  const { datums } = request;
  if (problem.isForContent && problem.cause !== tooLargeCause) {
    refused.push({ datums, problem });
    return sent;
  }
  return addSent(sent, await searchHalves({ datums, problem }, context));
}

/**
 * Datums come ordered by metric, so that a bad queue makes several requests fail. Ordered by queue they fail in one,
 * and the others are stored with one request each.
 */
async function searchRefused(refused: readonly RefusedRequest[], context: Searching): Promise<Sent> {
  const [only] = refused;
  if (only === undefined) return nothingSent;
  if (refused.length === 1) return await searchHalves(only, context);
  const [named, others] = separateNamed(refused);
  let total = nothingSent;
  for (const datums of [orderByDimensions(others), named]) {
    for (const request of splitRequests(datums, createDatumWriter(context.tickMs))) {
      const canSend = context.budget.take(1);
      const sent = canSend ? await search(request, context) : lose(request.datums, keepForLater(only.problem), context);
      total = addSent(total, sent);
    }
  }
  return total;
}

function separateNamed(refused: readonly RefusedRequest[]): readonly [readonly Datum[], readonly Datum[]] {
  const groups = refused.map(({ datums, problem: { named = [] } }) => {
    const isNamed = new Set(named);
    return Map.groupBy(datums.entries(), ([position]) => isNamed.has(position));
  });
  const pickDatums = (isNamed: boolean): readonly Datum[] =>
    groups.flatMap((group) => (group.get(isNamed) ?? []).map(([, datum]) => datum));
  return [pickDatums(true), pickDatums(false)];
}

/** CloudWatch stores nothing of a request that it refuses, so its parts can be sent again, down to the bad datum. */
async function search(request: PutRequest, context: Searching): Promise<Sent> {
  const { sent, problem } = await sendOnce(request, context);
  if (problem === undefined) return sent;
  return addSent(sent, await searchHalves({ datums: request.datums, problem }, context));
}

async function searchHalves({ datums, problem }: RefusedRequest, context: Searching): Promise<Sent> {
  const { budget, refusedDatums, tickMs } = context;
  const halves = problem.isForContent ? splitRefused(datums, problem, refusedDatums.isSuspect) : undefined;
  if (halves === undefined) {
    const isKnown = problem.isForContent && problem.cause !== tooLargeCause;
    if (isKnown) for (const datum of datums) refusedDatums.remember(datum, problem, tickMs);
    return lose(datums, problem, context);
  }
  if (!budget.take(halves.length)) return lose(datums, keepForLater(problem), context);
  let total = nothingSent;
  for (const half of halves)
    total = addSent(total, await search(buildRequest(half, createDatumWriter(tickMs)), context));
  return total;
}

/** Nothing of such a request was stored, and most of it is good: a later run, which knows more of it, sends it again. */
function keepForLater(problem: SendProblem): SendProblem {
  return { ...problem, fate: 'not taken' };
}

function lose(datums: readonly Datum[], problem: SendProblem, { tickMs }: SendContext): Sent {
  return { ...nothingSent, losses: [buildLoss(datums, problem, tickMs)] };
}

interface SendResult {
  readonly sent: Sent;
  /** Why nothing of it was stored. */
  readonly problem?: SendProblem;
}

async function sendOnce({ namespace, datums, body }: PutRequest, context: SendContext): Promise<SendResult> {
  const { client, deadline } = context;
  if (isOver(deadline)) return { sent: nothingSent, problem: describeNotSent(deadline) };
  const answer = await client.put({ namespace, body }, chooseReading(datums), deadline.signal);
  // Without credentials the SDK makes no request that could be sent.
  const sent: Sent = { ...nothingSent, requests: answer.bytes === 0 ? 0 : 1, bytes: answer.bytes };
  if (answer.error === undefined) return { sent: { ...sent, accepted: datums.length } };
  return { sent, problem: isOver(deadline) ? describeCutOff(deadline) : explainError(answer.error, namespace) };
}

function chooseReading(datums: readonly Datum[]): Datum['reading'] {
  return datums.some(({ reading }) => reading === 'sums') ? 'sums' : 'level';
}

function describeLate({ signal }: Pick<Deadline, 'signal'>) {
  const isStopped = isInterruption(signal.reason);
  const remedy = isStopped ? 'start the run again' : 'raise the function timeout, or shorten what the sources may take';
  return { kind: 'timeout', remedy, isForContent: false } as const;
}

function describeNotSent(deadline: Deadline): SendProblem {
  const reason = `${explainRunEnd(deadline.signal).past} before it was sent`;
  return { ...describeLate(deadline), fate: 'not taken', cause: 'not sent', reason };
}

function describeCutOff(deadline: Deadline): SendProblem {
  const what = isInterruption(deadline.signal.reason) ? 'the run was interrupted' : 'the deadline of the run passed';
  return { ...describeLate(deadline), fate: 'unknown', cause: 'cut off', reason: `${what} before CloudWatch answered` };
}
