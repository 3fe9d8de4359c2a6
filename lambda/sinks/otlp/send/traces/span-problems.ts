/** Makes problems of the spans that were left out or not stored. */
import type { Problem } from '../../../../model/problem.ts';
import { formatCount } from '../../../../model/text/wording.ts';
import { isNotTaken } from '../../../../series/delivery/fate.ts';
import { type Delivered, type RequestLoss, describeLossReasons } from '../../../../series/losses/describe-losses.ts';
import { explainError, metricRemedies, type SignalRemedies } from '../explain-error.ts';
import { notTakenStatuses } from '../post.ts';

/** What did not go well with spans of one delivery. */
export interface SpanTally {
  /** Whatever became of them. */
  readonly total: number;
  /** Not sent after something else could not be delivered. */
  readonly unsent: number;
  readonly losses: readonly SpanLoss[];
  /** Larger by themselves than a request may be. */
  readonly tooLarge: number;
  /** With a time that OTLP cannot write. */
  readonly untimely: number;
}

/** Spans of one request; a trace has no metrics. */
export type SpanLoss = RequestLoss;

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

export function describeSpans({ tooLarge, untimely, ...tally }: SpanTally, where: string): readonly Problem[] {
  return [
    ...describeLeftOut(
      tooLarge,
      'larger by themselves than `bytesPerRequest`; raise it as far as the receiver allows',
      where,
    ),
    ...describeLeftOut(untimely, 'with a time that OTLP cannot write; check the clock of the CI system', where),
    ...describeSpanLosses(tally, where),
  ];
}

function describeLeftOut(spans: number, why: string, where: string): readonly Problem[] {
  if (spans === 0) return [];
  return [{ kind: 'rejected', where, message: `left out ${formatCount(spans, 'span')}: ${why}` }];
}

/** One problem for each reason. */
function describeSpanLosses(tally: Delivered<SpanLoss>, where: string): readonly Problem[] {
  return describeLossReasons<SpanLoss>(tally, {
    noun: 'span',
    where,
    explain: ({ reception }) => {
      const why = explainError(reception.error, where, remedies);
      return { ...why, text: `${why.text.replace(/\.$/, '')}.${notKept}` };
    },
    isNotTaken: (error) => isNotTaken(error, notTakenStatuses),
  });
}
