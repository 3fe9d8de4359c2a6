/** What the end of a deployment adds to counters, and what its result is. */
import type { Finish } from '../../../counters/finish.ts';
import type { Ledger } from '../../../counters/ledger.ts';
import type { Labels } from '../../../model/metric.ts';
import { makeLabelValue } from '../../../model/text/labels.ts';
import type { Result } from '../../../model/catalogue/results.ts';
import { deploymentLastSuccess, deploymentsFinished } from '../../../model/catalogue/deployment-metrics.ts';
import { type RepositoryIdentity, scopeOf } from '../runs/repository.ts';
import { buildUnknownStateCount } from '../runs/finish.ts';
import type { DeploymentRecord } from '../api/schema.ts';

const results: Readonly<Record<string, Result>> = {
  SUCCESSFUL: 'success',
  FAILED: 'failure',
  STOPPED: 'cancellation',
  ERROR: 'error',
  EXPIRED: 'timeout',
  NOT_RUN: 'skip',
};

/** The end of a deployment. Undefined for one that has not ended, or whose end has no time. */
export function finishDeployment(
  { uuid, environment, state }: DeploymentRecord,
  identity: RepositoryIdentity,
  environments: ReadonlyMap<string, string>,
): Finish | undefined {
  const finishedMs = state.completed_on ?? state.completion_date ?? undefined;
  if (!isCompleted(state) || finishedMs === undefined) return undefined;
  const result = results[(state.status?.name ?? '').toUpperCase()];
  const labels = labelDeployments(environment, identity, environments);
  return {
    key: uuid,
    finishedMs,
    counts: [
      { metric: deploymentsFinished, labels: { ...labels, result: result ?? 'other' }, increase: 1 },
      ...(result === undefined ? [buildUnknownStateCount(identity.source, 'deployment')] : []),
    ],
    observations: [],
    marks: result === 'success' ? [{ metric: deploymentLastSuccess, labels, value: finishedMs / 1000 }] : [],
  };
}

/** Makes the usual results of an environment exist at 0, so that `increase()` sees its first failure. */
export function declareDeployments(
  ledger: Pick<Ledger, 'declare'>,
  { environment }: Pick<DeploymentRecord, 'environment'>,
  identity: RepositoryIdentity,
  environments: ReadonlyMap<string, string>,
): void {
  const labels = labelDeployments(environment, identity, environments);
  for (const result of ['success', 'failure']) ledger.declare(deploymentsFinished, { ...labels, result });
}

function labelDeployments(
  environment: DeploymentRecord['environment'],
  identity: RepositoryIdentity,
  environments: ReadonlyMap<string, string>,
): Labels {
  return {
    system: 'bitbucket',
    source: identity.source,
    scope: scopeOf(identity),
    deploy_environment: chooseEnvironmentName(environment, environments),
  };
}

function chooseEnvironmentName(
  environment: DeploymentRecord['environment'],
  names: ReadonlyMap<string, string>,
): string {
  const name = environment?.name ?? names.get(environment?.uuid ?? '');
  return makeLabelValue(name ?? '') ?? 'unknown';
}

function isCompleted({ name, type }: DeploymentRecord['state']): boolean {
  return /completed/i.test(`${name ?? ''} ${type ?? ''}`);
}
