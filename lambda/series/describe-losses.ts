/** Tells as problems which samples were not stored, or may not have been: one problem for each reason. */
import { BadResponseError } from '../http/errors/errors.ts';
import type { Problem } from '../model/problem.ts';
import { plural } from '../model/text/wording.ts';
import type { Explanation } from './explain-status.ts';
import { mayBeMissing, notStored } from './stored-words.ts';
import type { Verdict } from './reception.ts';

/** A request of which not everything was stored. */
export interface FailedRequest {
  readonly verdict: Exclude<Verdict, { readonly outcome: 'stored' }>;
  /** Samples that were not stored, or of which nobody knows. */
  readonly lost: number;
  /** Metrics in the request. */
  readonly metrics: number;
}

export interface Delivered<Failed extends FailedRequest> {
  /** Samples, whatever became of them. */
  readonly total: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly failures: readonly Failed[];
}

export interface FailureWords<Failed extends FailedRequest> {
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly where: string;
  readonly explain: (failed: Failed) => Explanation;
  /** Whether an error proves that nothing of its request was stored. */
  readonly wasNotTaken: (error: unknown) => boolean;
  /** A series that was lost, where it is known. */
  readonly exampleOf?: (failed: Failed) => string | undefined;
}

export function tellFailures<Failed extends FailedRequest>(
  { total, unsent, failures }: Delivered<Failed>,
  { noun, where, explain, wasNotTaken, exampleOf = () => undefined }: FailureWords<Failed>,
): readonly Problem[] {
  const told = failures.map((failed) => ({ failed, why: explain(failed), became: becameOf(failed, wasNotTaken) }));
  const groups = Map.groupBy(told, ({ why, became }) => JSON.stringify([why.kind, why.text, became]));
  return [...groups.values()].flatMap((group): readonly Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { failed, why, became } = first;
    const lost = group.reduce((sum, one) => sum + one.failed.lost, 0);
    const example = group.map((one) => exampleOf(one.failed)).find((text) => text !== undefined);
    const such = example === undefined ? '' : `, such as ${example}`;
    const isStopped = failed.verdict.outcome === 'undelivered' && unsent > 0;
    const rest = isStopped ? `, and ${String(unsent)} were not sent after that` : '';
    const apart = group.some((one) => isMixed(one.failed)) ? apartFromNow : '';
    const message = `${String(lost)} of ${plural(total, noun)} ${became}${such}${rest}: ${why.text}${apart}`;
    return [{ kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) }];
  });
}

/** An answer that cannot be read is a success that says nothing. */
function becameOf({ verdict }: FailedRequest, wasNotTaken: (error: unknown) => boolean): string {
  if (verdict.outcome === 'undelivered') return wasNotTaken(verdict.error) ? notStored : mayBeMissing;
  const isUnreadable = verdict.outcome === 'partial' && verdict.error instanceof BadResponseError;
  return isUnreadable ? mayBeMissing : notStored;
}

/** A request of several metrics says nothing of which of them was bad; the next runs tell. */
function isMixed({ verdict, metrics }: FailedRequest): boolean {
  return verdict.outcome === 'refused' && metrics > 1;
}

const apartFromNow =
  ' The metrics of that request are sent one by one from the next run on, so that only the bad one is lost.';
