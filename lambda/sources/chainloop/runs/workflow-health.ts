/** Judges whether each workflow is up or down, by its last ended run. */
import * as z from 'zod';
import { defineMapping } from '../../../counters/state/mapping.ts';
import type { EndedRun } from './finish.ts';
import type { Run, Workflow, WorkflowName } from '../grpc-web/messages.ts';
import { determineEnd } from './read-runs.ts';

/** How the last ended run of a workflow ended; the last one is the one that was created last, as on the server. */
export interface WorkflowHealth {
  /** By Chainloop's own measure: everything but a success is down. */
  readonly isUp: boolean;
  /** When it became so. Epoch milliseconds. */
  readonly sinceMs: number;
  readonly runner: string;
  /** When that run was created. Epoch milliseconds. */
  readonly createdMs: number;
}

export type HealthByWorkflow = ReadonlyMap<string, WorkflowHealth>;

/** The name under which the ledger keeps them. */
export const healthName = 'verdicts';

/** Short, for there is one for each workflow: 1 or 0, since when (Unix time), runner, time of creation. */
export const StoredHealth = defineMapping(z.tuple([z.literal([0, 1]), z.number(), z.string(), z.number()]));
type StoredHealth = z.infer<typeof StoredHealth>;

export function formatWorkflowKey({ project, name }: WorkflowName): string {
  return `${project}/${name}`;
}

/** Of the key; neither name has a slash (both are DNS labels). */
export function parseWorkflowKey(key: string): WorkflowName {
  const slash = key.indexOf('/');
  return { project: key.slice(0, slash), name: key.slice(slash + 1) };
}

export interface SeenWorkflows {
  readonly workflows: readonly Workflow[];
  /** Runs of this tick's window that have ended. */
  readonly ended: readonly EndedRun[];
}

type End = Run & Pick<EndedRun, 'endedMs' | 'result'>;

/**
 * The health of the listed workflows. While the last run is still under way, the one before it holds; it is remembered,
 * or among the runs of the window, for the list of workflows shows only the last.
 */
export function judgeHealth(
  { workflows, ended }: SeenWorkflows,
  before: HealthByWorkflow,
  nowMs: number,
): HealthByWorkflow {
  const endsByWorkflow = Map.groupBy(ended, ({ workflow }) => formatWorkflowKey(workflow));
  const health = new Map<string, WorkflowHealth>();
  for (const workflow of workflows) {
    const key = formatWorkflowKey(workflow);
    const ends: readonly End[] = [...(endsByWorkflow.get(key) ?? []), ...findLastEnd(workflow, nowMs)];
    const latest = ends.toSorted((a, b) => a.createdMs - b.createdMs).reduce(pickLater, before.get(key));
    if (latest !== undefined) health.set(key, latest);
  }
  return health;
}

function findLastEnd({ lastRun }: Workflow, nowMs: number): readonly End[] {
  const end = lastRun === undefined ? undefined : determineEnd(lastRun, nowMs, false);
  return lastRun === undefined || end === undefined ? [] : [{ ...lastRun, ...end }];
}

function pickLater(before: WorkflowHealth | undefined, { createdMs, endedMs, result, runner }: End): WorkflowHealth {
  if (before !== undefined && createdMs <= before.createdMs) return before;
  const isUp = result === 'success';
  return { isUp, sinceMs: before?.isUp === isUp ? before.sinceMs : endedMs, runner, createdMs };
}

export function serializeHealth(health: HealthByWorkflow): StoredHealth {
  return Object.fromEntries(
    [...health].map(([key, { isUp, sinceMs, runner, createdMs }]) => [
      key,
      [isUp ? 1 : 0, Math.floor(sinceMs / 1000), runner, createdMs],
    ]),
  );
}

export function parseStoredHealth(record: StoredHealth | undefined): HealthByWorkflow {
  return new Map(
    Object.entries(record ?? {}).map(([key, [up, since, runner, createdMs]]) => [
      key,
      { isUp: up === 1, sinceMs: since * 1000, runner, createdMs },
    ]),
  );
}
