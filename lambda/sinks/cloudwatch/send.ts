import type { Problem } from '../../model/problem.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import type { Delivery, Parcel } from '../sink.ts';
import type { MetricClient } from './client.ts';
import { type Datum, datumText, describe } from './datum.ts';
import { type Failure, failureOf } from './failure.ts';
import { maxConcurrentRequests, maxSearchRequests } from './limits.ts';
import { parcelsOf } from './parcels.ts';
import { halves, type PutRequest } from './split.ts';

export interface SendContext {
  readonly client: MetricClient;
  readonly tickMs: number;
  readonly deadline: Deadline;
  /** `cloudwatch/<name>` */
  readonly where: string;
}

/**
 * Sends all requests side by side; what one of them loses, the others do not. A request is taken when there is room to
 * send it: its datums are made then, and gone after.
 */
export async function sendAll(requests: Generator<PutRequest, undefined>, context: SendContext): Promise<Delivery> {
  const search = searchBudget();
  const worker = async (): Promise<Sent> => {
    let total = nothing;
    for (const request of requests) total = add(total, await send(request, context, search));
    return total;
  };
  const sent = await Promise.all(Array.from({ length: maxConcurrentRequests }, worker));
  const { losses, ...counted } = sent.reduce(add, nothing);
  const sumsWith = (fate: Failure['fate']): number =>
    losses.filter(({ failure }) => failure.fate === fate).reduce((total, { sums }) => total + sums, 0);
  return {
    ...counted,
    problems: problemsOf(losses, context.where),
    undelivered: losses.flatMap(({ parcels }) => parcels),
    unconfirmed: sumsWith('unknown'),
    dropped: sumsWith('refused'),
  };
}

/** What was not stored; of the datums only sums are kept that can be sent again. */
interface Loss {
  readonly failure: Failure;
  readonly namespace: string;
  readonly count: number;
  readonly example: string;
  readonly sums: number;
  readonly parcels: readonly Parcel[];
}

interface Sent {
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly losses: readonly Loss[];
}

const nothing: Sent = { accepted: 0, requests: 0, bytes: 0, losses: [] };

function add(a: Sent, b: Sent): Sent {
  return {
    accepted: a.accepted + b.accepted,
    requests: a.requests + b.requests,
    bytes: a.bytes + b.bytes,
    losses: [...a.losses, ...b.losses],
  };
}

interface SearchBudget {
  /** False when the write has no requests left for looking for refused datums. */
  readonly take: () => boolean;
}

function searchBudget(): SearchBudget {
  let left = maxSearchRequests;
  return {
    take: () => {
      left -= 2;
      return left >= 0;
    },
  };
}

/**
 * One request. CloudWatch stores nothing of a request that it refuses, so its halves can be sent again, down to the
 * datum that it does not want.
 */
async function send(request: PutRequest, context: SendContext, search: SearchBudget): Promise<Sent> {
  const { client, tickMs, deadline } = context;
  const { namespace, datums, body } = request;
  if (hasPassed(deadline)) return { ...nothing, losses: [lossOf(request, notSent, tickMs)] };
  const answer = await client.put({ namespace, body }, readingOf(datums), deadline.signal);
  const counted: Sent = { ...nothing, requests: 1, bytes: answer.bytes };
  if (answer.error === undefined) return { ...counted, accepted: datums.length };

  const failure = hasPassed(deadline) ? cutOff : failureOf(answer.error, namespace);
  if (!failure.isForContent || datums.length === 1 || !search.take())
    return { ...counted, losses: [lossOf(request, failure, tickMs)] };
  const [left, right] = halves(request, (datum) => datumText(datum, tickMs));
  const first = await send(left, context, search);
  return add(add(counted, first), await send(right, context, search));
}

function lossOf({ namespace, datums }: PutRequest, failure: Failure, tickMs: number): Loss {
  const [example] = datums;
  return {
    failure,
    namespace,
    count: datums.length,
    example: example === undefined ? '' : describe(example),
    sums: datums.filter(({ reading }) => reading === 'sums').length,
    parcels: failure.fate === 'not taken' ? parcelsOf(datums, tickMs) : [],
  };
}

function hasPassed({ signal }: Deadline): boolean {
  return signal.aborted;
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

/** One problem for each namespace and cause, whatever the number of requests. */
function problemsOf(losses: readonly Loss[], where: string): readonly Problem[] {
  const groups = Map.groupBy(losses, ({ failure, namespace }) => JSON.stringify([namespace, failure.cause]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [problemOf(first, group, where)];
  });
}

function problemOf({ failure, namespace, example }: Loss, group: readonly Loss[], where: string): Problem {
  const { kind, reason, remedy } = failure;
  const count = group.reduce((sum, loss) => sum + loss.count, 0);
  const hasSums = group.some(({ sums }) => sums > 0);
  const mayCount = failure.fate === 'unknown' && hasSums ? '; sums among them may have been stored all the same' : '';
  return {
    kind,
    where: `${where} PutMetricData ${namespace}`,
    message: `${String(count)} ${count === 1 ? 'datum' : 'datums'} not stored, such as ${example}: ${reason}${mayCount}; ${remedy}`,
  };
}
