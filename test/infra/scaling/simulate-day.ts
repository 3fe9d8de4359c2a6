/** Plays a day of jobs against a scaled group, and sums up what people waited and what was paid. */
import { daySeconds, type Job } from './jobs.ts';
import type { Scaler } from './scaled-by-alarms.ts';
import { type GroupSettings, SimulatedGroup } from './simulated-group.ts';

export interface DayResult {
  readonly longestWait: number;
  readonly meanWait: number;
  readonly instanceHours: number;
  readonly endedBusy: number;
  readonly notStarted: number;
  /** The desired capacity, second by second. */
  readonly desired: readonly number[];
  /** Instances, second by second. */
  readonly sizes: readonly number[];
}

export function simulateDay(jobs: readonly Job[], settings: GroupSettings, scaler: Scaler): DayResult {
  const group = new SimulatedGroup(settings);
  const [desired, sizes]: [number[], number[]] = [[], []];
  let next = 0;
  for (let now = 0; now < daySeconds; now += 1) {
    for (let job = jobs[next]; job !== undefined && job.arrives <= now; job = jobs[next]) {
      group.waiting.push(job);
      next += 1;
    }
    group.tick(now);
    scaler.act(group, now);
    desired.push(group.desired);
    sizes.push(group.size);
  }
  const { waits, endedBusy, instanceSeconds, waiting } = group;
  return {
    longestWait: Math.max(...waits),
    meanWait: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    instanceHours: instanceSeconds / 3600,
    endedBusy,
    notStarted: waiting.length,
    desired,
    sizes,
  };
}
