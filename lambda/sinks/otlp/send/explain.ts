/** Says why a request failed, what to do about it, and when it may go through. */
import { HttpStatusError } from '../../../http/errors.ts';
import { problemOf } from '../../../http/problem.ts';
import type { ProblemKind } from '../../../model/problem.ts';
import { NotBegunError } from './fate.ts';
import { PartialSuccessError } from './judge.ts';

export interface Explanation {
  readonly kind: ProblemKind;
  readonly text: string;
  readonly retryAtMs?: number | undefined;
}

/** Longest part of a receiver's text that a problem repeats. */
const maxServerText = 1024;

/** Texts of receivers by what a person can do about them. */
const remedies: readonly { readonly says: RegExp; readonly remedy: string }[] = [
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

export type StatusRemedies = Readonly<Record<number, string>>;

/** What to do where the status alone has to say it. */
export const statusRemedies: StatusRemedies = {
  400: 'The receiver cannot use what it was sent; if it names no reason, compare its version with OTLP 1.0.',
  401: 'Check the credentials in `auth`, `apiKey` or `headers`.',
  403: 'The credentials are known but may not write: check the rights of the key, token or role.',
  404: 'Check `url`: it is the base, to which /v1/metrics is added. Prometheus has the path under /api/v1/otlp, and none until it is started with --web.enable-otlp-receiver; VictoriaMetrics has it under /opentelemetry.',
  405: 'Check `url`: what answers is no OTLP receiver.',
  413: 'Later requests of this process have half as many points; lower `pointsPerRequest` or `bytesPerRequest` to spare the loss after each start.',
  415: 'The receiver does not take this encoding: set the other `encoding`, or compression: none.',
  429: 'Raise the ingestion limit of the receiver, publish fewer series with `metrics`, or lengthen `interval`.',
};

/** @throws the error itself when a network, a receiver or a secret store is not expected to give it. */
export function explain(error: unknown, byStatus: StatusRemedies = statusRemedies): Explanation {
  if (error instanceof HttpStatusError) return ofStatus(error, byStatus);
  if (error instanceof PartialSuccessError) return ofPartialSuccess(error);
  if (error instanceof NotBegunError)
    return { kind: 'timeout', text: 'the deadline of the run had passed before they could be sent' };
  const problem = problemOf(error, '');
  if (problem === undefined) throw error;
  return { kind: problem.kind, text: problem.message };
}

function ofStatus({ status, excerpt, retryAtMs }: HttpStatusError, byStatus: StatusRemedies): Explanation {
  const said = excerpt.trim().slice(0, maxServerText);
  const answer =
    said === '' ? `the receiver answered ${String(status)}` : `the receiver answered ${String(status)} "${said}"`;
  const remedy = remedyOf(said) ?? byStatus[status];
  return {
    kind: kindOf(status),
    text: remedy === undefined ? answer : `${answer}. ${remedy}`,
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
}

function ofPartialSuccess({ message }: PartialSuccessError): Explanation {
  if (message === '') return { kind: 'rejected', text: 'the receiver stored the others and gives no reason' };
  const remedy = remedyOf(message);
  const answer = `the receiver stored the others and says "${message}"`;
  return { kind: 'rejected', text: remedy === undefined ? answer : `${answer}. ${remedy}` };
}

function remedyOf(said: string): string | undefined {
  return remedies.find(({ says }) => says.test(said))?.remedy;
}

function kindOf(status: number): ProblemKind {
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  if (status === 404 || status === 405 || status === 415) return 'configuration';
  return status >= 400 ? 'rejected' : 'bad-response';
}
