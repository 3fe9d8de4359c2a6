/** Makes problems of the samples that were not stored, or may not have been: one for each reason. */
import { BadResponseError } from '../../http/errors/errors.ts';
import type { Problem } from '../../model/problem.ts';
import { formatCount } from '../../model/text/wording.ts';
import type { Explanation } from './explain-status.ts';
import { shortenExample } from './findings.ts';
import { mayBeMissing, notStored } from './stored-words.ts';
import type { Reception } from '../delivery/reception.ts';

/** A request of which not everything was stored. */
export interface RequestLoss {
  readonly reception: Exclude<Reception, { readonly outcome: 'stored' }>;
  /** Samples that were not stored, or may not have been. */
  readonly lost: number;
  /** Metrics in the request. */
  readonly metrics: number;
}

export interface Delivered<Lost extends RequestLoss> {
  /** Samples, whatever became of them. */
  readonly total: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly losses: readonly Lost[];
}

export interface LossWords<Lost extends RequestLoss> {
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly where: string;
  readonly explain: (loss: Lost) => Explanation;
  /** Whether an error proves that nothing of its request was stored. */
  readonly isNotTaken: (error: unknown) => boolean;
  /** A series that was lost, where it is known. */
  readonly findExample?: (loss: Lost) => string | undefined;
}

export function describeLossReasons<Lost extends RequestLoss>(
  { total, unsent, losses }: Delivered<Lost>,
  { noun, where, explain, isNotTaken, findExample = () => undefined }: LossWords<Lost>,
): readonly Problem[] {
  const explained = losses.map((loss) => ({
    failed: loss,
    why: explain(loss),
    became: formatOutcome(loss, isNotTaken),
  }));
  const groups = Map.groupBy(explained, ({ why, became }) => JSON.stringify([why.kind, why.text, became]));
  return [...groups.values()].flatMap((group): readonly Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { failed: loss, why, became } = first;
    const lost = group.reduce((sum, one) => sum + one.failed.lost, 0);
    const example = group.map((one) => findExample(one.failed)).find((text) => text !== undefined);
    const such = example === undefined ? '' : `, such as ${shortenExample(example)}`;
    const isStopped = loss.reception.outcome === 'undelivered' && unsent > 0;
    const rest = isStopped ? `, and ${String(unsent)} were not sent after that` : '';
    const apart = group.some((one) => isMixed(one.failed)) ? apartFromNow : '';
    const message = `${String(lost)} of ${formatCount(total, noun)} ${became}${such}${rest}: ${why.text}${apart}`;
    return [{ kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) }];
  });
}

/** An answer that cannot be read is a success that says nothing. */
function formatOutcome({ reception }: RequestLoss, isNotTaken: (error: unknown) => boolean): string {
  if (reception.outcome === 'undelivered') return isNotTaken(reception.error) ? notStored : mayBeMissing;
  const isUnreadable = reception.outcome === 'partial' && reception.error instanceof BadResponseError;
  return isUnreadable ? mayBeMissing : notStored;
}

/** A refused request of several metrics does not say which was bad; the next runs send them apart. */
function isMixed({ reception, metrics }: RequestLoss): boolean {
  return reception.outcome === 'refused' && metrics > 1;
}

const apartFromNow =
  ' The metrics of that request are sent one by one from the next run on, so that only the bad one is lost.';
