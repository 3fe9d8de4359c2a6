import { UnusableSecretError } from '../../../http/errors/errors.ts';
import type { HttpPort, TlsMaterial } from '../../../http/port.ts';
import { getJson } from '../../../http/answers/json.ts';
import { CredentialRefusedError } from '../../../http/errors/credential-refused.ts';
import { whereOf } from '../../../http/where.ts';
import { labelValue } from '../../../model/text/labels.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { Secret } from '../../../secrets/secret.ts';
import { waitSecondsIn, withoutToken } from '../refusal-reason.ts';
import { MetricsAnswer, type Snapshot, snapshotOf } from './schema.ts';

/** The token is accepted, but the answer belongs to no organization: the API did so for bad tokens in 2019. */
export class NoOrganizationError extends CredentialRefusedError {
  override readonly name = 'NoOrganizationError';
}

export interface Answer {
  readonly snapshot: Snapshot;
  /** How long Buildkite asks not to be asked again; absent where it does not say. */
  readonly pollAfterMs?: number;
}

export interface MetricsRequest {
  /** Base URL of the agent API, such as `https://agent.buildkite.com/v3`. */
  readonly endpoint: string;
  readonly token: Secret;
  readonly tls?: TlsMaterial | undefined;
  readonly deadline: Deadline;
}

/** Agent API, `GET /v3/metrics`: all queues of the token's cluster in one answer. @throws HttpError, NoOrganizationError */
export async function getMetrics(http: HttpPort, request: MetricsRequest): Promise<Answer> {
  const { endpoint, token, tls, deadline } = request;
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/metrics`;
  const secret = tokenIn(token, url);
  const { value, headers } = await withoutToken(secret, () =>
    getJson(
      http,
      {
        method: 'GET',
        url,
        // The word is `Token`, not `Bearer`.
        headers: { authorization: `Token ${secret}` },
        signal: deadline.signal,
        remainingMs: () => deadline.remainingMs(),
        waitSecondsIn,
        ...(tls === undefined ? {} : { tls }),
      },
      MetricsAnswer,
    ),
  );
  const org = labelValue(value.organization?.slug ?? '');
  if (org === undefined) throw new NoOrganizationError('the answer names no organization');
  const pollAfterMs = pollAfter(headers['buildkite-agent-metrics-poll-duration']);
  return { snapshot: snapshotOf(value, org), ...(pollAfterMs === undefined ? {} : { pollAfterMs }) };
}

/** A secret that was stored from a file or by `echo` ends with a line break that is not part of it. */
function tokenIn(secret: Secret, url: URL): string {
  const token = secret.reveal().trim();
  if (!token.includes(',')) return token;
  // buildkite-agent-metrics takes such a list; a list could not say which of its tokens failed.
  throw new UnusableSecretError(
    whereOf('GET', url),
    'the secret holds several tokens with commas between them; give each a secret or a key of its own and list them under agentTokens',
  );
}

/** A longer wish is a mistake or an attack: nobody could tell that the collector still works. */
const longestPollMs = 5 * 60_000;

function pollAfter(seconds: string | undefined): number | undefined {
  if (seconds === undefined || !/^\d{1,6}$/.test(seconds)) return undefined;
  return Math.min(Number(seconds) * 1000, longestPollMs);
}
