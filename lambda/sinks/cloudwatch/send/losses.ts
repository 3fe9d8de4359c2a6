/** What a delivery stored and what it did not, added up over its requests and told as problems. */
import type { Problem } from '../../../model/problem.ts';
import { plural } from '../../../model/text/wording.ts';
import { mayBeMissing, notStored } from '../../../series/stored-words.ts';
import type { Parcel } from '../../sink.ts';
import { type Datum, describe } from '../encode/datum.ts';
import type { Failure } from './explain-error.ts';
import { parcelsOf } from './parcels.ts';

/** What was not stored; of the datums only sums are kept that can be sent again. */
export interface Loss {
  readonly failure: Failure;
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

export function lossOf(datums: readonly Datum[], failure: Failure, tickMs: number): Loss {
  const [example] = datums;
  return {
    failure,
    namespace: example?.namespace ?? '',
    count: datums.length,
    example: example === undefined ? '' : describe(example),
    sums: datums.filter(({ reading }) => reading === 'sums').length,
    parcels: failure.fate === 'not taken' ? parcelsOf(datums, tickMs) : [],
  };
}

/** One problem for each namespace and cause, whatever the number of requests. */
export function tellLosses(losses: readonly Loss[], where: string): readonly Problem[] {
  const groups = Map.groupBy(losses, ({ failure, namespace }) => JSON.stringify([namespace, failure.cause]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [problemOf(first, group, where)];
  });
}

function problemOf({ failure, namespace, example }: Loss, group: readonly Loss[], where: string): Problem {
  const { kind, reason, remedy } = failure;
  const count = group.reduce((sum, loss) => sum + loss.count, 0);
  const became = failure.fate === 'unknown' ? mayBeMissing : notStored;
  return {
    kind,
    where: `${where} PutMetricData ${namespace}`,
    message: `${plural(count, 'datum')} ${became}, such as ${example}: ${reason}; ${remedy}`,
  };
}
