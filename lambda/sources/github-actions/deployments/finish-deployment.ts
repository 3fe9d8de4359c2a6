/** What the states of a deployment mean: that it goes on, or its end and what that adds to counters. */
import type { Finish } from '../../../counters/finish.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import type { Labels } from '../../../model/metric.ts';
import { deploymentLastSuccess, deploymentsFinished } from '../../../model/catalogue/deployment-metrics.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { DeploymentStatusRecord } from '../api/schema.ts';
import { buildUnknownStateCount } from '../runs/interpret-run.ts';
import { type RepositoryIdentity, scopeOf } from '../runs/repository.ts';

const resultOfState: ReadonlyMap<string, Result> = new Map([
  ['success', 'success'],
  ['failure', 'failure'],
  ['error', 'error'],
]);

const goesOn: ReadonlySet<string> = new Set(['pending', 'queued', 'in_progress', 'waiting', 'requested']);

/** A later deployment to the same environment makes this of it, however it ended. */
const superseded = 'inactive';

/** @param statuses Newest first. Undefined for one that has not ended. */
export function finishDeployment(
  { id, environment }: { readonly id: string; readonly environment: string | undefined },
  statuses: readonly DeploymentStatusRecord[],
  identity: RepositoryIdentity,
): Finish | undefined {
  const end = findEnd(statuses);
  if (end === undefined) return undefined;
  const { result, finishedMs, isKnown } = end;
  const labels = labelDeployments(environment, identity);
  return {
    key: id,
    finishedMs,
    counts: [
      { metric: deploymentsFinished, labels: { ...labels, result }, increase: 1 },
      ...(isKnown ? [] : [buildUnknownStateCount(identity.source, 'deployment')]),
    ],
    observations: [],
    marks: result === 'success' ? [{ metric: deploymentLastSuccess, labels, value: finishedMs / 1000 }] : [],
  };
}

/** Makes the usual results of an environment exist at 0, so that `increase()` sees its first failure. */
export function declareDeployments(
  ledger: Pick<Ledger, 'declare'>,
  environment: string | undefined,
  identity: RepositoryIdentity,
): void {
  const labels = labelDeployments(environment, identity);
  for (const result of ['success', 'failure']) ledger.declare(deploymentsFinished, { ...labels, result });
}

function labelDeployments(environment: string | undefined, identity: RepositoryIdentity): Labels {
  return {
    system: 'github',
    source: identity.source,
    scope: scopeOf(identity),
    deploy_environment: makeLabelValue(environment ?? '') ?? 'unknown',
  };
}

interface End {
  readonly result: Result;
  readonly finishedMs: number;
  readonly isKnown: boolean;
}

function findEnd(statuses: readonly DeploymentStatusRecord[]): End | undefined {
  const [newest] = statuses;
  if (newest === undefined || goesOn.has(newest.state)) return undefined;
  const end = statuses.find(({ state }) => resultOfState.has(state));
  if (end !== undefined) return toEnd(end);
  // Put out of use before anybody said how it ended.
  return newest.state === superseded
    ? { result: 'other', finishedMs: newest.created_at, isKnown: true }
    : toEnd(newest);
}

function toEnd({ state, created_at: finishedMs }: DeploymentStatusRecord): End {
  const result = resultOfState.get(state);
  return { result: result ?? 'other', finishedMs, isKnown: result !== undefined };
}
