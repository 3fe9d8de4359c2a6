import { demoPlan, type FleetPlan, hostedQueuesOf } from './plan.ts';
import { createQueue } from './queue.ts';
import { seededRandom } from './random.ts';
import type { FleetSnapshot } from './snapshot.ts';

export interface FleetOptions {
  /** Equal seeds give equal fleets, however the time is cut into steps. */
  readonly seed: number;
  /** When the simulation begins. Epoch milliseconds. */
  readonly startMs: number;
  /** Simulated seconds that pass in a real one; 20 makes a minute of three seconds. Default: 1. */
  readonly speed?: number;
  readonly plan?: FleetPlan;
}

/** A simulated Buildkite organization. */
export interface Fleet {
  /** Lets the fleet live until now; a time that has already passed changes nothing. Epoch milliseconds. */
  step(nowMs: number): void;
  snapshot(): FleetSnapshot;
  /** One a cluster, in the order of the clusters. */
  readonly agentTokens: readonly string[];
  /** What a configuration must name in `hostedQueues`. */
  readonly hostedQueues: readonly string[];
}

/** Simulated before the start, so that the first look finds a fleet at work and not an empty one. */
const warmUpSeconds = 600;

/** A machine that slept for a night continues where it was instead of living through it. */
const longestStepSeconds = 6 * 3600;

export function createFleet({ seed, startMs, speed = 1, plan = demoPlan }: FleetOptions): Fleet {
  const clusters = plan.clusters.map(({ queues, ...cluster }, clusterIndex) => ({
    ...cluster,
    // A generator of its own for each queue: a change of one plan leaves the other queues as they were.
    queues: queues.map((queue, index) => createQueue(queue, seededRandom(seed * 1000 + clusterIndex * 100 + index))),
  }));
  let lastMs = startMs;
  // The remainder of a second that has been lived through only in part.
  let pendingSeconds = 0;
  let second = -warmUpSeconds;

  const tick = (): void => {
    second += 1;
    for (const { queues } of clusters) for (const queue of queues) queue.tick(second);
  };
  while (second < 0) tick();

  return {
    step: (nowMs) => {
      pendingSeconds += Math.min(longestStepSeconds, (Math.max(0, nowMs - lastMs) / 1000) * speed);
      lastMs = Math.max(lastMs, nowMs);
      for (; pendingSeconds >= 1; pendingSeconds -= 1) tick();
    },
    snapshot: () => ({
      organization: plan.organization,
      simulatedSeconds: second,
      clusters: clusters.map(({ queues, ...cluster }) => ({
        ...cluster,
        queues: queues.map((queue) => queue.snapshot()),
      })),
    }),
    agentTokens: plan.clusters.map(({ agentToken }) => agentToken),
    hostedQueues: hostedQueuesOf(plan),
  };
}
