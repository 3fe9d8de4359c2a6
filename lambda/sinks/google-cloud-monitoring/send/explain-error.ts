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
import { PartialWriteError } from './judge.ts';

/** Longest part of the API's text that a problem repeats; it names every series that it did not take. */
const maxServerText = 400;

/** The API's words by what a person can do about them. */
const remedies: readonly Remedy[] = [
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

const unusable =
  'Cloud Monitoring cannot use what it was sent; leave the metric out with `metrics.exclude`, and report it.';

/** What to do where the status alone has to say it. */
const statusRemedies: StatusRemedies = {
  400: unusable,
  401: 'The token is refused: check `auth`, and the clock of this machine.',
  403: 'Grant roles/monitoring.metricWriter in the project to the service account or role of `auth`, and enable monitoring.googleapis.com there.',
  404: 'Check `project` and `url`.',
  413: 'A proxy before the API takes less than a request has; raise its limit.',
  429: 'Raise the quota of the project, publish fewer series with `metrics`, or lengthen `interval`.',
};

const api = 'Cloud Monitoring';

/** @throws the error itself when a network, the API or a secret store is not expected to give it. */
export function explainError(error: unknown, where: string): Explanation {
  if (error instanceof HttpStatusError)
    return explainStatus(error, { name: api, remedies, byStatus: statusRemedies, maxWords: maxServerText });
  if (error instanceof PartialWriteError) return explainPartialWrite(error);
  return explainSendError(error, where);
}

function explainPartialWrite({ message }: PartialWriteError): Explanation {
  const said = message.trim().slice(0, maxServerText).toWellFormed();
  const remedy = findRemedy(message, remedies) ?? unusable;
  return { kind: 'rejected', text: `${api} wrote the others and says "${said}". ${remedy}` };
}
