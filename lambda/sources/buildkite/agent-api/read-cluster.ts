/** Reads one cluster through the agent API, no more often than Buildkite asks. */
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { describeHttpProblem, type StatusHints } from '../../../http/errors/problem.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { useWithRotation } from '../../../http/auth/rotation.ts';
import { describeSecretRef, type SecretRef } from '../../../secrets/secret-ref.ts';
import type { SourcePorts } from '../../source.ts';
import { type SnapshotAnswer, readMetrics, NoOrganizationError } from './request.ts';
import type { BuildkiteConfig } from '../config.ts';
import { type NamedQueues, rememberQueues } from './known-queues.ts';
import { createPollHint } from './poll-hint.ts';
import { addReason } from '../refusal-reason.ts';
import type { Snapshot } from './schema.ts';

/** What one token gave: a snapshot, or the problem that kept it back. */
export type ClusterReading =
  { readonly token: string; readonly snapshot: Snapshot } | { readonly token: string; readonly problem: Problem };

export type ReadCluster = (deadline: Deadline) => Promise<ClusterReading>;

/** The reader of one agent token. It remembers, across warm runs, the last answer, the poll hint and the known queues. */
export function createClusterReader(config: BuildkiteConfig, ref: SecretRef, ports: SourcePorts): ReadCluster {
  const token = describeSecretRef(ref);
  const where = `buildkite/${config.name} (${token})`;
  const complete = rememberQueues(findNamedQueues(config));
  const hint = createPollHint<Snapshot>();
  let refused: Refusal | undefined;

  return async (deadline) => {
    const now = ports.clock();
    if (refused !== undefined && isInForce(refused, now)) return { token, problem: refused.problem };
    const plan = hint.decide(now);
    if (plan.do === 'reuse') return { token, snapshot: plan.answer };
    if (plan.do === 'wait') return { token, problem: describeTooOld(where, plan.untilMs) };
    try {
      const answer = await requestSnapshot(config, ref, ports, deadline);
      const snapshot = complete(answer.snapshot);
      hint.noteAnswer(snapshot, now, answer.pollAfterMs ?? 0);
      refused = undefined;
      return { token, snapshot };
    } catch (error) {
      // Whatever failed was asked because the last answer had lost its worth: it is not published again.
      const problem = describeClusterProblem(error, where, token);
      refused = { problem, atMs: now };
      return { token, problem };
    }
  };
}

interface Refusal {
  readonly problem: Problem;
  readonly atMs: number;
}

/** A clock that was set back must not stretch the time for which a refusal holds. */
function isInForce({ problem: { retryAtMs }, atMs }: Refusal, nowMs: number): boolean {
  return retryAtMs !== undefined && nowMs >= atMs && nowMs < retryAtMs;
}

/** Names without a wildcard: with one token, these are the queues that must exist in its cluster. */
function findNamedQueues({ queues, agentTokens = [] }: BuildkiteConfig): NamedQueues {
  const exact = (queues?.include ?? []).filter((glob) => !/[*?]/.test(glob));
  return {
    names: exact.map(makeLabelValue).filter((name) => name !== undefined),
    are: agentTokens.length === 1 ? 'here' : 'here once seen',
  };
}

async function requestSnapshot(
  config: BuildkiteConfig,
  ref: SecretRef,
  ports: SourcePorts,
  deadline: Deadline,
): Promise<SnapshotAnswer> {
  const { http, secrets } = ports;
  const { endpoint, tls } = config;
  return sendWithCredentials({ tls }, { secrets }, deadline.signal, (credentials) =>
    useWithRotation(secrets, ref, deadline.signal, (token) =>
      readMetrics(http, { endpoint, token, tls: credentials.tls, deadline }),
    ),
  );
}

function describeTooOld(where: string, retryAtMs: number): Problem {
  const message =
    'not asked, because Buildkite wants to be polled less often, and its last answer is too old to be published again; raise the interval';
  return { kind: 'rate-limited', where, message, retryAtMs };
}

/** @throws every unexpected error: a bug. */
function describeClusterProblem(error: unknown, where: string, token: string): Problem {
  if (error instanceof NoOrganizationError) {
    const remedy = `the agent token in ${token} is probably wrong; put a valid one there, and check endpoint`;
    return { kind: 'auth', where, message: `${error.message}: ${remedy}` };
  }
  const problem = describeHttpProblem(error, where, describeRemedies(token));
  if (problem === undefined) throw error;
  return addReason(problem, error);
}

function describeRemedies(token: string): StatusHints {
  return {
    401: `the agent token in ${token} is wrong, expired or revoked; make a new one in the cluster's settings and put it there (a user's API token does not work here)`,
    403: `the agent token in ${token} may not be used from here; check its allowed IP addresses`,
    404: 'the agent API is not here; check endpoint, it ends with /v3',
    429: `Buildkite limits the agent token in ${token}, and it is not asked again before it allows; look for something else that polls with it`,
  };
}
