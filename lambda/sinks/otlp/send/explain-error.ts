/** Says why a request failed, what to do about it, and when it may go through. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import {
  type Explanation,
  explainSendError,
  explainStatus,
  findRemedy,
  type Remedy,
  type StatusRemedies,
} from '../../../series/losses/explain-status.ts';
import { PartialSuccessError } from './judge.ts';

/** Texts of receivers by what a person can do about them. */
const remedies: readonly Remedy[] = [
  {
    says: /Maximum number of attributes exceeded/i,
    remedy: 'CloudWatch takes 150 attributes a point: configure fewer `attributes` and `resource` attributes.',
  },
  {
    says: /out of order|out-of-order|duplicate sample|too old|out of bounds/i,
    remedy:
      'Somebody else writes the same series: give each deployment its own collector name, or allow an out-of-order window in the receiver.',
  },
  {
    says: /invalid temporality|unsupported.*(temporality|delta)|delta/i,
    remedy: 'The receiver does not take sums of this temporality: set the other `temporality`.',
  },
  {
    says: /limit.*exceeded|exceeded.*limit|err-mimir-max-/i,
    remedy: 'A limit of the receiver: raise it there, or publish fewer series with `metrics`.',
  },
];

/** What to do where the status alone has to say it. */
const statusRemedies: StatusRemedies = {
  400: 'The receiver cannot use what it was sent; if it names no reason, compare its version with OTLP 1.0.',
  401: 'Check the credentials in `auth`, `apiKey` or `headers`.',
  403: 'The credentials are known but may not write: check the rights of the key, token or role.',
  404: 'Check `url`: it is the base, to which /v1/metrics is added. Prometheus has the path under /api/v1/otlp, and none until it is started with --web.enable-otlp-receiver; VictoriaMetrics has it under /opentelemetry.',
  405: 'Check `url`: what answers is no OTLP receiver.',
  413: 'Later requests of this process have half as many points; lower `pointsPerRequest` or `bytesPerRequest` to spare the loss after each start.',
  415: 'The receiver does not take this encoding: set the other `encoding`, or compression: none.',
  429: 'Raise the ingestion limit of the receiver, publish fewer series with `metrics`, or lengthen `interval`.',
};

/** What to do about a failure of one signal, where the receiver's own words do not tell. */
export interface SignalRemedies {
  readonly byStatus: StatusRemedies;
  /** About a partial success. */
  readonly partial: string;
}

export const metricRemedies: SignalRemedies = {
  byStatus: statusRemedies,
  partial: 'Leave the metric that it means out with `metrics.exclude`, or look into the log of the receiver.',
};

/** @throws the error itself when a network, a receiver or a secret store is not expected to give it. */
export function explainError(
  error: unknown,
  where: string,
  { byStatus, partial }: SignalRemedies = metricRemedies,
): Explanation {
  if (error instanceof HttpStatusError) return explainStatus(error, { name: 'the receiver', remedies, byStatus });
  if (error instanceof PartialSuccessError) return explainPartialSuccess(error, partial);
  return explainSendError(error, where);
}

function explainPartialSuccess({ message }: PartialSuccessError, remedy: string): Explanation {
  if (message === '')
    return { kind: 'rejected', text: `the receiver stored the others and gives no reason. ${remedy}` };
  const answer = `the receiver stored the others and says "${message}"`;
  return { kind: 'rejected', text: `${answer}. ${findRemedy(message, remedies) ?? remedy}` };
}
