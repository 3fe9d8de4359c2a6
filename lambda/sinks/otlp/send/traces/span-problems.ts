/** Tells as problems which spans were left out or not stored. */
import type { Problem } from '../../../../model/problem.ts';
import { plural } from '../../../../model/text/wording.ts';
import { wasNotTaken } from '../../../../series/fate.ts';
import { type Delivered, type FailedRequest, tellFailures } from '../../../../series/describe-losses.ts';
import { explain, metricRemedies, type SignalRemedies } from '../explain-error.ts';
import { notTakenStatuses } from '../post.ts';

/** What did not go well with spans of one delivery. */
export interface SpanTally {
  /** Whatever became of them. */
  readonly total: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly failures: readonly SpanFailure[];
  /** Larger by themselves than a request may be. */
  readonly tooLarge: number;
  /** With a time that OTLP cannot write. */
  readonly untimely: number;
}

/** Spans of one request; a trace has no metrics. */
export type SpanFailure = FailedRequest;

/** Where the remedy for metrics is none for traces. */
const remedies: SignalRemedies = {
  partial: 'Look into the log of the receiver.',
  byStatus: {
    ...metricRemedies.byStatus,
    404: 'This receiver may take no traces: Prometheus and VictoriaMetrics take metrics only. Leave out `traces`, or send them by a sink with another `url`, to which /v1/traces is added.',
    405: 'This receiver may take no traces. Leave out `traces`, or send them by a sink with another `url`, to which /v1/traces is added.',
    413: 'Later requests of this process have half as many spans; lower `pointsPerRequest` or `bytesPerRequest` to spare the loss after each start.',
    429: 'Raise the ingestion limit of the receiver for traces.',
  },
};

/** No span is kept: its run is in the metrics, and the next run has its own. */
const notKept = ' Spans are not sent again; the metrics have these runs all the same.';

export function problemsOfSpans({ tooLarge, untimely, ...tally }: SpanTally, where: string): readonly Problem[] {
  return [
    ...leftOut(tooLarge, 'larger by themselves than `bytesPerRequest`; raise it as far as the receiver allows', where),
    ...leftOut(untimely, 'with a time that OTLP cannot write; check the clock of the CI system', where),
    ...problemsOfFailures(tally, where),
  ];
}

function leftOut(spans: number, why: string, where: string): readonly Problem[] {
  if (spans === 0) return [];
  return [{ kind: 'rejected', where, message: `left out ${plural(spans, 'span')}: ${why}` }];
}

/** One problem for each reason. */
function problemsOfFailures(tally: Delivered<SpanFailure>, where: string): readonly Problem[] {
  return tellFailures<SpanFailure>(tally, {
    noun: 'span',
    where,
    explain: ({ verdict }) => {
      const why = explain(verdict.error, where, remedies);
      return { ...why, text: `${why.text.replace(/\.$/, '')}.${notKept}` };
    },
    wasNotTaken: (error) => wasNotTaken(error, notTakenStatuses),
  });
}
