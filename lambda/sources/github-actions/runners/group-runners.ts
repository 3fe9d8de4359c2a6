/** Groups runners by their labels, and counts how many of each group are idle, busy and offline. */
import * as z from 'zod';
import type { RunnerRecord } from '../api/schema.ts';
import { normalizeLabels, type QueueNames } from '../jobs/queue-names.ts';

const RunnerGroup = z.object({
  /** As jobs that ask for all of their labels name it. */
  queue: z.string(),
  labels: z.array(z.string()),
  online: z.number(),
  /** Absent where GitHub tells of no runner of the group whether it works. */
  busy: z.number().optional(),
  offline: z.number(),
});
/** Runners that have the same labels. */
export type RunnerGroup = z.infer<typeof RunnerGroup>;

export const RunnerGroups = z.array(RunnerGroup);

export function groupRunners(runners: readonly RunnerRecord[], names: QueueNames): RunnerGroup[] {
  const groups = Map.groupBy(runners, ({ labels }) => names.nameRunners(labels));
  return [...groups].map(([queue, members]) => buildGroup(queue, members));
}

function buildGroup(queue: string, members: readonly RunnerRecord[]): RunnerGroup {
  const online = members.filter(isOnline);
  const told = online.filter(({ busy }) => busy !== undefined && busy !== null);
  // One that works for a single job is not missed when it is gone.
  const offline = members.filter((runner) => !isOnline(runner) && runner.ephemeral !== true);
  return {
    queue,
    labels: [...normalizeLabels(members.flatMap(({ labels }) => labels))],
    online: online.length,
    ...(told.length < online.length ? {} : { busy: told.filter(({ busy }) => busy === true).length }),
    offline: offline.length,
  };
}

/** Adds up groups of the same queue, such as those of an organization and of an enterprise that bears its name. */
export function combineGroups(groups: readonly RunnerGroup[]): readonly RunnerGroup[] {
  return [...Map.groupBy(groups, ({ queue }) => queue)].map(([queue, members]) => {
    const busy = members.flatMap((group) => group.busy ?? []);
    return {
      queue,
      labels: [...new Set(members.flatMap(({ labels }) => labels))],
      online: sum(members.map(({ online }) => online)),
      ...(busy.length < members.length ? {} : { busy: sum(busy) }),
      offline: sum(members.map(({ offline }) => offline)),
    };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function isOnline({ status }: RunnerRecord): boolean {
  return status.toLowerCase() === 'online';
}
