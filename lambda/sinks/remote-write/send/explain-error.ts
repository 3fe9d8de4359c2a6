/** Says why a request of remote write failed, what to do about it, and when it may go through. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import {
  type Explanation,
  explainSendError,
  explainStatus,
  type Remedy,
  type StatusRemedies,
} from '../../../series/losses/explain-status.ts';
import { NotSpokenError, Utf8NamesError } from './protocol.ts';

/** Texts of Prometheus' TSDB (tsdb/head_append.go), of Mimir's error catalogue and of their relatives. */
const remedies: readonly Remedy[] = [
  {
    says: /duplicate sample for timestamp|sample-duplicate-timestamp/i,
    remedy:
      'Somebody else writes the same series with the same timestamp: give each deployment its own collector name, or tell them apart with labels.',
  },
  {
    says: /too far in the future|too-far-in-future/i,
    remedy: 'The clock of the receiver is behind the clock of the collector: set both right.',
  },
  {
    says: /out of bounds/i,
    remedy:
      'The receiver holds samples that are far newer: they came from a page or a writer whose times lie ahead. It takes the present again when its head has passed them, or without them after a restart with another data folder.',
  },
  {
    says: /too old sample|timestamp-too-old/i,
    remedy: "The sample is older than the receiver's out-of-order window: look for a second writer of the same series.",
  },
  {
    says: /out of order|out-of-order/i,
    remedy:
      'The receiver holds a newer sample of the same series: look for a second writer with the same labels, or allow an out-of-order window in the receiver.',
  },
  {
    says: /err-mimir-max-|limit.*exceeded|exceeded.*limit/i,
    remedy: 'A limit of the receiver: raise it there, or publish fewer series with `metrics`.',
  },
  {
    says: /no org id|err-mimir-tenant/i,
    remedy: 'Set `tenant` to the id of the tenant.',
  },
];

const aboutTime =
  /duplicate sample|sample-duplicate|future|out of bounds|out of order|out-of-order|too old sample|too-old/i;

/** For samples with times of their own: the page that they are from has the wrong clock. */
function formatPageRemedy(instance: string): string {
  return `The page of ${instance} dates its samples, and the receiver does not take these times: mend the exporter's times, or set honorTimestamps: false for the source, and samples get the time of the run.`;
}

const notTaken =
  'The receiver does not take what it was sent: leave the metric that it names out with `metrics.exclude`, and report it.';

/** What to do where the status alone has to say it. */
const statusRemedies: StatusRemedies = {
  400: notTaken,
  422: notTaken,
  401: 'Check the credentials in `auth`.',
  403: 'The credentials are known but may not write: check the rights of the user, token or role in `auth`.',
  404: 'Check the path of `url`; Prometheus has none until it is started with --web.enable-remote-write-receiver.',
  405: 'Check the path of `url`: it is not a write endpoint.',
  409: 'Thanos answers so for samples that are out of order, duplicate or out of bounds: look for a second writer with the same labels.',
  413: 'Later requests of this process have half as many series; lower `seriesPerRequest` to spare the loss after each start.',
  415: 'The receiver does not speak this version of remote write; try the other `version`.',
  429: 'Raise the ingestion limit of the receiver, publish fewer series with `metrics`, or lengthen `interval`.',
};

/** A 400 of Amazon Managed Service for Prometheus can have no text at all. */
const noReason =
  'The receiver gives no reason. In Amazon Managed Service for Prometheus it is the `Reason` of metric DiscardedSamples in CloudWatch namespace AWS/Prometheus; the usual cause is two writers with the same series and timestamps: look for the second one.';

/**
 * `datedBy`: the instance whose page has dated the samples, where they carry times of their own.
 * @throws the error itself when a network, a receiver or a secret store is not expected to give it.
 */
export function explainError(error: unknown, where: string, datedBy?: string): Explanation {
  if (error instanceof HttpStatusError) return explainAnswer(error, datedBy);
  if (error instanceof NotSpokenError) return { kind: 'configuration', text: error.message };
  if (error instanceof Utf8NamesError) return { kind: 'rejected', text: error.message };
  return explainSendError(error, where);
}

function explainAnswer(error: HttpStatusError, datedBy: string | undefined): Explanation {
  const isAboutPage = datedBy !== undefined && aboutTime.test(error.excerpt);
  const isSilent = error.status === 400 && error.excerpt.trim() === '';
  return explainStatus(error, {
    name: 'the receiver',
    remedies: isAboutPage ? [{ says: aboutTime, remedy: formatPageRemedy(datedBy) }] : remedies,
    byStatus: isSilent ? { 400: noReason } : statusRemedies,
  });
}
