/** Says why a request failed, what to do about it, and when it may go through. */
import { HttpStatusError } from '../../../http/errors.ts';
import { problemOf } from '../../../http/problem.ts';
import type { ProblemKind } from '../../../model/problem.ts';
import { NotBegunError, PartialWriteError } from './judge.ts';

export interface Explanation {
  readonly kind: ProblemKind;
  readonly text: string;
  readonly retryAtMs?: number | undefined;
}

/** Longest part of the API's text that a problem repeats; it names every series that it did not take. */
const maxServerText = 400;

/** The API's words by what a person can do about them. */
const remedies: readonly { readonly says: RegExp; readonly remedy: string }[] = [
  {
    says: /written in order|older (start|end) time/i,
    remedy:
      'Somebody else writes the same series: give each deployment its own collector name. After a lost state, a total that began before its last point is refused, too: choose another collector name then.',
  },
  {
    says: /sampling period|more frequently/i,
    remedy:
      'Points of one series must be 5 seconds apart: let only one collector of this name run, and not more often.',
  },
  {
    says: /metric ?kind|value ?type|conflict/i,
    remedy: 'A descriptor of another kind has this type: delete it in Cloud Monitoring, or set another typePrefix.',
  },
  {
    says: /has not been used|is disabled|SERVICE_DISABLED/i,
    remedy: 'Enable the API: gcloud services enable monitoring.googleapis.com.',
  },
  {
    says: /label/i,
    remedy: 'A label is not taken: change `labels`, or leave the metric out with `metrics.exclude`.',
  },
];

/** What to do where the status alone has to say it. */
const statusRemedies: Readonly<Record<number, string>> = {
  400: 'Cloud Monitoring cannot use what it was sent; leave the metric out with `metrics.exclude`, and report it.',
  401: 'The token is refused: check `auth`, and the clock of this machine.',
  403: 'Grant roles/monitoring.metricWriter in the project to the service account or role of `auth`, and enable monitoring.googleapis.com there.',
  404: 'Check `project` and `url`.',
  413: 'A proxy before the API takes less than a request has; raise its limit.',
  429: 'Raise the quota of the project, publish fewer series with `metrics`, or lengthen `interval`.',
};

/** @throws the error itself when a network, the API or a secret store is not expected to give it. */
export function explain(error: unknown): Explanation {
  if (error instanceof HttpStatusError) return explainStatus(error);
  if (error instanceof PartialWriteError)
    return { kind: 'rejected', text: withRemedy('Cloud Monitoring wrote the others', error.message, 400) };
  if (error instanceof NotBegunError)
    return { kind: 'timeout', text: 'the deadline of the run had passed before they could be sent' };
  const problem = problemOf(error, '');
  if (problem === undefined) throw error;
  const place = problem.where.trim();
  return { kind: problem.kind, text: place === '' ? problem.message : `${place}: ${problem.message}` };
}

function explainStatus({ status, excerpt, retryAtMs }: HttpStatusError): Explanation {
  return {
    kind: kindOf(status),
    text: withRemedy(`Cloud Monitoring answered ${String(status)}`, excerpt, status),
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
  };
}

function withRemedy(answer: string, words: string, status: number): string {
  const said = words.trim().slice(0, maxServerText).toWellFormed();
  const remedy = remedies.find(({ says }) => says.test(words))?.remedy ?? statusRemedies[status];
  const text = said === '' ? answer : `${answer} and says "${said}"`;
  return remedy === undefined ? text : `${text}. ${remedy}`;
}

function kindOf(status: number): ProblemKind {
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  if (status === 404 || status === 405 || status === 407) return 'configuration';
  return status >= 400 ? 'rejected' : 'bad-response';
}
