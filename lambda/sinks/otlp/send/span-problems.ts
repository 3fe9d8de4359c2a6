/** Tells as problems which spans were left out or not stored. */
import type { Problem } from '../../../model/problem.ts';
import type { Verdict } from '../../../series/verdict.ts';
import { explain, statusRemedies, type StatusRemedies } from './explain.ts';

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

export interface SpanFailure {
  readonly spans: number;
  readonly verdict: Exclude<Verdict, { readonly outcome: 'stored' }>;
}

/** Where the remedy for metrics is none for traces. */
const remedies: StatusRemedies = {
  ...statusRemedies,
  404: 'This receiver may take no traces: Prometheus and VictoriaMetrics take metrics only. Leave out `traces`, or send them by a sink with another `url`, to which /v1/traces is added.',
  405: 'This receiver may take no traces. Leave out `traces`, or send them by a sink with another `url`, to which /v1/traces is added.',
  413: 'Later requests of this process have half as many spans; lower `pointsPerRequest` or `bytesPerRequest` to spare the loss after each start.',
  429: 'Raise the ingestion limit of the receiver for traces.',
};

/** No span is kept: its run is in the metrics, and the next run has its own. */
const notKept = ' Spans are not sent again; the metrics have these runs all the same.';

export function problemsOfSpans({ tooLarge, untimely, ...tally }: SpanTally, where: string): readonly Problem[] {
  return [
    ...leftOut(tooLarge, 'larger by themselves than `bytesPerRequest`', where),
    ...leftOut(untimely, 'with a time that OTLP cannot write', where),
    ...problemsOfFailures(tally, where),
  ];
}

function leftOut(spans: number, why: string, where: string): readonly Problem[] {
  if (spans === 0) return [];
  return [{ kind: 'rejected', where, message: `left out ${plural(spans)}: ${why}` }];
}

/** One problem for each reason. */
function problemsOfFailures(
  { total, unsent, failures }: Pick<SpanTally, 'total' | 'unsent' | 'failures'>,
  where: string,
): readonly Problem[] {
  const explained = failures.map((failure) => ({ ...failure, why: explain(failure.verdict.error, remedies) }));
  const groups = [...Map.groupBy(explained, ({ why }) => `${why.kind} ${why.text}`).values()];
  return groups.flatMap((group): readonly Problem[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { verdict, why } = first;
    const isLost = verdict.outcome === 'undelivered';
    const lost = group.reduce((sum, { spans }) => sum + spans, 0);
    const rest = isLost && unsent > 0 ? `, and ${String(unsent)} were not sent after that` : '';
    const message = `${String(lost)} of ${plural(total)} ${isLost ? 'did not arrive' : 'refused'}${rest}: ${ended(why.text)}${notKept}`;
    return [{ kind: why.kind, where, message, ...(why.retryAtMs === undefined ? {} : { retryAtMs: why.retryAtMs }) }];
  });
}

function ended(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

function plural(spans: number): string {
  return `${String(spans)} span${spans === 1 ? '' : 's'}`;
}
