import { HttpStatusError } from '../../http/errors.ts';
import { problemOf } from '../../http/problem.ts';
import type { ProblemKind } from '../../model/problem.ts';
import { NotSpokenError, Utf8NamesError } from './protocol.ts';

/** Why a request failed, what to do about it, and when it may go through. */
export interface Explanation {
  readonly kind: ProblemKind;
  readonly text: string;
  readonly retryAtMs?: number | undefined;
}

/** Longest part of a receiver's text that a problem repeats; Prometheus keeps as much. */
const maxServerText = 1024;

/** Texts of Prometheus' TSDB (tsdb/head_append.go), of Mimir's error catalogue and of their relatives. */
const remedies: readonly { readonly says: RegExp; readonly remedy: string }[] = [
  {
    says: /duplicate sample for timestamp|sample-duplicate-timestamp/i,
    remedy:
      'Somebody else writes the same series with the same timestamp: give each deployment its own collector name, or tell them apart with labels.',
  },
  {
    says: /too far in the future|too-far-in-future/i,
    remedy: 'The clock of the receiver is behind the clock of the collector.',
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

/** For samples that date themselves, nobody else's clock is to blame. */
function remedyOfPage(instance: string): string {
  return `The page of ${instance} dates its samples, and the receiver does not take these times: mend the exporter's times, or set honorTimestamps: false for the source, and samples get the time of the run.`;
}

/** What to do where the status alone has to say it. */
const statusRemedies: Readonly<Record<number, string>> = {
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
  'The receiver gives no reason. In Amazon Managed Service for Prometheus it is the `Reason` of metric DiscardedSamples in CloudWatch namespace AWS/Prometheus; the usual cause is two writers with the same series and timestamps.';

/**
 * `datedBy`: the instance whose page has dated the samples, where they carry times of their own.
 * @throws the error itself when a network, a receiver or a secret store is not expected to give it.
 */
export function explain(error: unknown, datedBy?: string): Explanation {
  if (error instanceof HttpStatusError) return ofStatus(error, datedBy);
  if (error instanceof NotSpokenError) return { kind: 'configuration', text: error.message };
  if (error instanceof Utf8NamesError) return { kind: 'rejected', text: error.message };
  const problem = problemOf(error, '');
  if (problem === undefined) throw error;
  return { kind: problem.kind, text: problem.message };
}

function ofStatus({ status, excerpt, retryAtMs }: HttpStatusError, datedBy: string | undefined): Explanation {
  const said = excerpt.trim().slice(0, maxServerText);
  const remedy = remedyOf(status, said, datedBy);
  const answer =
    said === '' ? `the receiver answered ${String(status)}` : `the receiver answered ${String(status)} "${said}"`;
  const text = remedy === undefined ? answer : `${answer}. ${remedy}`;
  return { kind: kindOf(status), text, ...(retryAtMs === undefined ? {} : { retryAtMs }) };
}

function remedyOf(status: number, said: string, datedBy: string | undefined): string | undefined {
  if (datedBy !== undefined && aboutTime.test(said)) return remedyOfPage(datedBy);
  const known = remedies.find(({ says }) => says.test(said))?.remedy ?? statusRemedies[status];
  return known ?? (status === 400 && said === '' ? noReason : undefined);
}

function kindOf(status: number): ProblemKind {
  if (status === 401 || status === 403) return 'auth';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  if (status === 404 || status === 405 || status === 415) return 'configuration';
  return status >= 400 ? 'rejected' : 'bad-response';
}
