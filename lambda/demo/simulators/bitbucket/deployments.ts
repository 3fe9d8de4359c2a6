/** Deployments and environments as recordings show them; they follow from the runs of the main branch. */
import type { TimedRun } from './timeline.ts';
import type { SimulatedRepository } from './workspace.ts';

/** Each environment waits for the one before. */
const betweenMs = 30_000;

/** Latest end first, those that have none before them. */
export function mapDeployments({ plan, runs }: SimulatedRepository, nowMs: number): readonly object[] {
  const { environments = [], neverDeployed = 0 } = plan;
  const known = runs.filter((run) => isDeployed(run) && run.createdMs <= nowMs);
  const deployments = known.flatMap((run) =>
    environments.map((name, index) => {
      const startMs = (run.endMs ?? Infinity) + index * betweenMs;
      return { run, name, index, startMs, endMs: startMs + betweenMs };
    }),
  );
  const waiting = Array.from({ length: neverDeployed }, (_, index) => buildNeverDeployed(index));
  const orderMs = ({ endMs }: { readonly endMs: number }): number => (endMs <= nowMs ? endMs : Infinity);
  const moved = deployments
    .sort((a, b) => (orderMs(a) === orderMs(b) ? 0 : orderMs(b) - orderMs(a)))
    .map((one) => mapDeployment(one, nowMs));
  return [...waiting, ...moved];
}

/** A manual step that is never started: recorded workspaces have hundreds of them, and they stay for ever. */
function buildNeverDeployed(index: number): object {
  return {
    type: 'deployment',
    uuid: `{never-deployed-${String(index)}}`,
    environment: { uuid: formatEnvironmentUuid('production'), name: 'production' },
    release: { name: `#${String(index)}`, commit: { hash: String(index).padStart(40, 'a') } },
    state: { type: 'deployment_state_undeployed', name: 'UNDEPLOYED' },
  };
}

interface Deployment {
  readonly run: TimedRun;
  readonly name: string;
  readonly index: number;
  readonly startMs: number;
  readonly endMs: number;
}

function mapDeployment({ run, name, index, startMs, endMs }: Deployment, nowMs: number): object {
  const number = String(run.number);
  return {
    type: 'deployment',
    uuid: `${run.uuid.slice(0, -1)}-${String(index)}}`,
    environment: { uuid: formatEnvironmentUuid(name), name },
    release: { name: `#${number}`, commit: { hash: number.padStart(40, 'a') } },
    state: describeState(run, { startMs, endMs }, nowMs),
  };
}

function describeState(
  run: TimedRun,
  { startMs, endMs }: Pick<Deployment, 'startMs' | 'endMs'>,
  nowMs: number,
): object {
  if (nowMs < startMs) return { type: 'deployment_state_undeployed', name: 'UNDEPLOYED' };
  const started_on = new Date(startMs).toISOString();
  if (nowMs < endMs) return { type: 'deployment_state_in_progress', name: 'IN_PROGRESS', started_on };
  const name = run.result === 'SUCCESSFUL' ? 'SUCCESSFUL' : 'FAILED';
  return {
    type: 'deployment_state_completed',
    name: 'COMPLETED',
    started_on,
    completed_on: new Date(endMs).toISOString(),
    status: { type: `deployment_state_completed_status_${name.toLowerCase()}`, name },
  };
}

function isDeployed({ kind, branch, steps }: TimedRun): boolean {
  return kind === 'push' && branch === 'main' && steps.length > 0;
}

export function mapEnvironments({ plan: { environments = [] } }: SimulatedRepository): readonly object[] {
  return environments.map((name) => ({ type: 'deployment_environment', uuid: formatEnvironmentUuid(name), name }));
}

function formatEnvironmentUuid(name: string): string {
  return `{environment-${name}}`;
}
