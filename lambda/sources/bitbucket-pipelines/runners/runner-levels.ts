/** Groups runners by scope and queue, and counts how many of each group are online, busy, offline or paused. */
import * as z from 'zod';
import type { RunnerRecord } from '../api/schema.ts';
import { deriveQueueFromLabels } from '../steps/queue-names.ts';

/** Runners of one group. Idle and busy are absent for a workspace whose answers have never told who works. */
export interface RunnerLevel {
  /** The workspace, or the repository that the runners belong to. */
  readonly scope: string;
  readonly queue: string;
  readonly online: number;
  readonly idle?: number | undefined;
  readonly busy?: number | undefined;
  readonly offline: number;
  readonly paused: number;
  /** Absent where no runner tells its version. */
  readonly outdated?: number | undefined;
}

export const RunnerLevels = z.array(
  z.object({
    scope: z.string(),
    queue: z.string(),
    online: z.number(),
    idle: z.number().optional(),
    busy: z.number().optional(),
    offline: z.number(),
    paused: z.number(),
    outdated: z.number().optional(),
  }),
);

export interface ScopedRunner {
  readonly scope: string;
  readonly runner: RunnerRecord;
}

type RunnerState = 'online' | 'offline' | 'paused';

/** Whether any runner tells what it works on: the key stands in no document, so its absence proves nothing. */
export function hasKnownWork(runners: readonly ScopedRunner[]): boolean {
  return runners.some(({ runner: { state } }) => 'step' in state && state.step !== undefined);
}

export function groupRunners(runners: readonly ScopedRunner[], isWorkTold: boolean): readonly RunnerLevel[] {
  const groups = Map.groupBy(runners, ({ scope, runner }) =>
    JSON.stringify([scope, deriveQueueFromLabels(runner.labels)]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [buildLevel(first, group, isWorkTold)];
  });
}

function buildLevel({ scope, runner }: ScopedRunner, group: readonly ScopedRunner[], isWorkTold: boolean): RunnerLevel {
  const states = group.map((member) => classifyRunner(member.runner));
  const count = (state: RunnerState): number => states.filter((found) => found === state).length;
  const online = group.filter((member) => classifyRunner(member.runner) === 'online');
  const busy = online.filter((member) => isObject(member.runner.state.step)).length;
  const versions = group.flatMap((member) => isOutdated(member.runner) ?? []);
  return {
    scope,
    queue: deriveQueueFromLabels(runner.labels),
    online: online.length,
    ...(isWorkTold ? { busy, idle: online.length - busy } : {}),
    offline: count('offline'),
    paused: count('paused'),
    ...(versions.length === 0 ? {} : { outdated: versions.filter(Boolean).length }),
  };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Each status of the document. One that was registered or switched on is not there until it says so itself. */
const stateOfStatus: ReadonlyMap<string, RunnerState> = new Map([
  ['ONLINE', 'online'],
  ['OFFLINE', 'offline'],
  ['UNHEALTHY', 'offline'],
  ['UNREGISTERED', 'offline'],
  ['ENABLED', 'offline'],
  ['DISABLED', 'paused'],
]);

/** What is not known to be there, such as a state that is new, is not counted as a worker. */
function classifyRunner({ state: { status, cordoned } }: RunnerRecord): RunnerState {
  const state = stateOfStatus.get(status.toUpperCase()) ?? 'offline';
  return state === 'online' && cordoned === true ? 'paused' : state;
}

/** Runners in a state that the document did not have when this was written. */
export function countUnknownStatuses(runners: readonly ScopedRunner[]): number {
  return runners.filter(({ runner }) => !stateOfStatus.has(runner.state.status.toUpperCase())).length;
}

function isOutdated({ state: { version } }: RunnerRecord): boolean | undefined {
  const { version: installed, current } = version ?? {};
  return isText(installed) && isText(current) ? installed !== current : undefined;
}

function isText(value: string | null | undefined): value is string {
  return value !== null && value !== undefined && value !== '';
}
