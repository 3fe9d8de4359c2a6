/** Requests the metrics of one cluster from the agent API. */
import { UnusableSecretError } from '../../../http/errors/errors.ts';
import type { HttpPort, TlsMaterial } from '../../../http/port.ts';
import { readJson } from '../../../http/answers/json.ts';
import { CredentialRefusedError } from '../../../http/errors/credential-refused.ts';
import { whereOf } from '../../../http/where.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { Secret } from '../../../secrets/secret.ts';
import { parseWaitSeconds, hideTokenInErrors } from '../refusal-reason.ts';
import { MetricsAnswer, type Snapshot, parseSnapshot } from './schema.ts';
import { minuteMs } from '../../../model/time.ts';

/** The token is accepted, but the answer belongs to no organization: the API did so for bad tokens in 2019. */
export class NoOrganizationError extends CredentialRefusedError {
  override readonly name = 'NoOrganizationError';
}

export interface SnapshotAnswer {
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
export async function readMetrics(http: HttpPort, request: MetricsRequest): Promise<SnapshotAnswer> {
  const { endpoint, token, tls, deadline } = request;
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/metrics`;
  const secret = parseAgentToken(token, url);
  const { value, headers } = await hideTokenInErrors(secret, () =>
    readJson(
      http,
      {
        method: 'GET',
        url,
        // The word is `Token`, not `Bearer`.
        headers: { authorization: `Token ${secret}` },
        signal: deadline.signal,
        remainingMs: () => deadline.remainingMs(),
        parseWaitSeconds,
        // All queues of the cluster come in one piece.
        maxResponseBytes: 'as memory allows',
        ...(tls === undefined ? {} : { tls }),
      },
      MetricsAnswer,
    ),
  );
  const org = makeLabelValue(value.organization?.slug ?? '');
  if (org === undefined) throw new NoOrganizationError('the answer names no organization');
  const pollAfterMs = parsePollAfter(headers['buildkite-agent-metrics-poll-duration']);
  return { snapshot: parseSnapshot(value, org), ...(pollAfterMs === undefined ? {} : { pollAfterMs }) };
}

/** A secret that was stored from a file or by `echo` ends with a line break that is not part of it. */
function parseAgentToken(secret: Secret, url: URL): string {
  const token = secret.reveal().trim();
  if (!token.includes(',')) return token;
  // buildkite-agent-metrics takes such a list; a list could not say which of its tokens failed.
  throw new UnusableSecretError(
    whereOf('GET', url),
    'the secret holds several tokens with commas between them; give each a secret or a key of its own and list them under agentTokens',
  );
}

/** Longer than this the collector would look dead, so a longer wish is taken for a mistake. */
const longestPollMs = 5 * minuteMs;

function parsePollAfter(seconds: string | undefined): number | undefined {
  if (seconds === undefined || !/^\d{1,6}$/.test(seconds)) return undefined;
  return Math.min(Number(seconds) * 1000, longestPollMs);
}
