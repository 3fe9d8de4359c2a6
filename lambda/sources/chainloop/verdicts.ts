import * as z from 'zod';
import type { Workflow } from './messages.ts';
import { endOf } from './read-runs.ts';

/** How the last ended run of a workflow ended. */
export interface Verdict {
  /** By Chainloop's own measure: everything but a success is down. */
  readonly isUp: boolean;
  /** When it became so. Epoch milliseconds. */
  readonly sinceMs: number;
  readonly runner: string;
}

export type Verdicts = ReadonlyMap<string, Verdict>;

/** The name under which the ledger keeps them. */
export const verdictsName = 'verdicts';

/** Short, for there is one for each workflow: 1 or 0, Unix time, runner. */
export const StoredVerdicts = z.record(z.string(), z.tuple([z.literal([0, 1]), z.number(), z.string()]));
type StoredVerdicts = z.infer<typeof StoredVerdicts>;

export function workflowKey({ project, name }: Pick<Workflow, 'project' | 'name'>): string {
  return `${project}/${name}`;
}

/**
 * The verdicts of the listed workflows. While the last run is still under way, the verdict before it holds; since when
 * is remembered too, for only the last run is listed.
 */
export function verdictsOf(workflows: readonly Workflow[], before: Verdicts, tickMs: number): Verdicts {
  const verdicts = new Map<string, Verdict>();
  for (const workflow of workflows) {
    const key = workflowKey(workflow);
    const verdict = verdictOf(workflow, before.get(key), tickMs);
    if (verdict !== undefined) verdicts.set(key, verdict);
  }
  return verdicts;
}

function verdictOf({ lastRun }: Workflow, before: Verdict | undefined, tickMs: number): Verdict | undefined {
  if (lastRun === undefined) return undefined;
  const end = endOf(lastRun, tickMs, false);
  if (end === undefined) return before;
  const isUp = end.result === 'success';
  const sinceMs = before?.isUp === isUp ? Math.min(before.sinceMs, end.endedMs) : end.endedMs;
  return { isUp, sinceMs, runner: lastRun.runner };
}

export function stored(verdicts: Verdicts): StoredVerdicts {
  return Object.fromEntries(
    [...verdicts].map(([key, { isUp, sinceMs, runner }]) => [key, [isUp ? 1 : 0, Math.floor(sinceMs / 1000), runner]]),
  );
}

export function fromStored(record: StoredVerdicts | undefined): Verdicts {
  return new Map(
    Object.entries(record ?? {}).map(([key, [up, since, runner]]) => [
      key,
      { isUp: up === 1, sinceMs: since * 1000, runner },
    ]),
  );
}
