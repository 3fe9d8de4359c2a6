import { labelIn, type LabelSet } from '../../../series/label-set.ts';
import type { FailedRequest } from '../../../series/describe-losses.ts';
import type { Settled } from '../../../series/reception.ts';
import { nameOf, type Series } from '../encode/series.ts';

/** Some series that were not stored. */
export interface Failure extends FailedRequest {
  /** The series, where it is known which one it was. */
  readonly only: LabelSet | undefined;
  /** Whose times they carry, where they date themselves: `instance` of the page. */
  readonly datedBy: string | undefined;
}

/** What a delivery came to, in numbers: the series themselves are gone by then. */
export interface Tally {
  /** Samples and markers, whatever became of them. */
  readonly total: number;
  /** Samples that the receiver has taken; markers are not samples of the batch. */
  readonly accepted: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly failures: readonly Failure[];
}

export interface Counting {
  readonly note: (settled: Settled<Series>) => void;
  /** Samples of which no series was made, because nothing more was sent. */
  readonly leave: (samples: number) => void;
  readonly tally: () => Tally;
}

export function counting(): Counting {
  const counts = { total: 0, accepted: 0, unsent: 0 };
  const failures: Failure[] = [];
  const note = ({ series, verdict }: Settled<Series>): void => {
    counts.total += series.length;
    if (series[0]?.isStale === false) counts.accepted += acceptedOf(series.length, verdict);
    if (verdict.outcome === 'unsent') counts.unsent += series.length;
    else if (verdict.outcome !== 'stored') failures.push(failureOf(series, verdict));
  };
  const leave = (samples: number): void => {
    counts.total += samples;
    counts.unsent += samples;
  };
  return { note, leave, tally: () => ({ ...counts, failures }) };
}

function acceptedOf(samples: number, verdict: Settled<Series>['verdict']): number {
  if (verdict.outcome === 'stored') return samples;
  return verdict.outcome === 'partial' ? verdict.stored : 0;
}

function failureOf(series: readonly Series[], verdict: Failure['verdict']): Failure {
  const stored = verdict.outcome === 'partial' ? verdict.stored : 0;
  const isSingledOut = verdict.outcome === 'refused' && series.length === 1;
  return {
    verdict,
    lost: series.length - stored,
    only: isSingledOut ? series[0]?.labels : undefined,
    metrics: new Set(series.map(nameOf)).size,
    datedBy: series[0]?.timestampMs === undefined ? undefined : labelIn(series[0].labels, 'instance'),
  };
}
