/** Adds up what a delivery stored and what it did not, and makes problems of the losses. */
import type { Problem } from '../../../model/problem.ts';
import { formatCount } from '../../../model/text/wording.ts';
import { mayBeMissing, notStored } from '../../../series/losses/stored-words.ts';
import { shortenExample } from '../../../series/losses/findings.ts';
import type { Parcel } from '../../sink.ts';
import { type Datum, formatSeries } from '../encode/datum.ts';
import type { SendProblem } from './explain-error.ts';
import { packDatums } from './parcels.ts';

/** What was not stored; of the datums only sums are kept that can be sent again. */
export interface Loss {
  readonly problem: SendProblem;
  readonly namespace: string;
  readonly count: number;
  readonly example: string;
  readonly sums: number;
  readonly parcels: readonly Parcel[];
}

export interface Sent {
  readonly accepted: number;
  readonly requests: number;
  readonly bytes: number;
  readonly losses: readonly Loss[];
}

export const nothingSent: Sent = { accepted: 0, requests: 0, bytes: 0, losses: [] };

export function addSent(a: Sent, b: Sent): Sent {
  return {
    accepted: a.accepted + b.accepted,
    requests: a.requests + b.requests,
    bytes: a.bytes + b.bytes,
    losses: [...a.losses, ...b.losses],
  };
}

export function buildLoss(datums: readonly Datum[], problem: SendProblem, tickMs: number): Loss {
  const [example] = datums;
  return {
    problem,
    namespace: example?.namespace ?? '',
    count: datums.length,
    example: example === undefined ? '' : formatSeries(example),
    sums: datums.filter(({ reading }) => reading === 'sums').length,
    parcels: problem.fate === 'not taken' ? packDatums(datums, tickMs) : [],
  };
}

/** One problem for each namespace and cause, whatever the number of requests. */
export function describeLosses(losses: readonly Loss[], where: string): readonly Problem[] {
  const groups = Map.groupBy(losses, ({ problem, namespace }) => JSON.stringify([namespace, problem.cause]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [describeLoss(first, group, where)];
  });
}

function describeLoss({ problem, namespace, example }: Loss, group: readonly Loss[], where: string): Problem {
  const { kind, reason, remedy } = problem;
  const count = group.reduce((sum, loss) => sum + loss.count, 0);
  const became = problem.fate === 'unknown' ? mayBeMissing : notStored;
  return {
    kind,
    where: `${where} PutMetricData ${namespace}`,
    message: `${formatCount(count, 'datum')} ${became}, such as ${shortenExample(example)}: ${reason}; ${remedy}`,
  };
}
