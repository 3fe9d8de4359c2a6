import type { FleetObserver, QueueAddress, SimulatedBuild } from './build-record.ts';
import { identities, uuidOf } from './identities.ts';
import { demoPlan, type FleetPlan, hostedQueuesOf } from './plan.ts';
import { createQueue, type SimulatedQueue } from './queue.ts';
import { seededRandom } from '../../random.ts';
import type { FleetSnapshot } from './snapshot.ts';

export interface FleetOptions {
  /** Equal seeds give equal fleets, however the time is cut into steps. */
  readonly seed: number;
  /** When the simulation begins. Epoch milliseconds. */
  readonly startMs: number;
  /** Simulated seconds that pass in a real one; 20 makes a minute of three seconds. Default: 1. */
  readonly speed?: number;
  readonly plan?: FleetPlan;
  /** No build begins after this time, so that the fleet comes to rest. Epoch milliseconds; default: never. */
  readonly arrivalsUntilMs?: number | undefined;
  /** Is told of everything that ends, the time before the start included. */
  readonly observer?: FleetObserver;
}

/** A build and where it runs. */
export interface PlacedBuild {
  readonly build: SimulatedBuild;
  readonly at: QueueAddress;
}

/** A queue and what Buildkite's own figures say of it. */
export interface FleetQueue {
  readonly at: QueueAddress;
  readonly running: number;
  readonly waiting: number;
  /** Connected ones, hosted ones included. */
  readonly agents: number;
  /** Jobs that ended in the last minute. */
  readonly passed: number;
  readonly failed: number;
  readonly isHosted: boolean;
  /** Of the jobs that started in the last minute. Real seconds, ascending. */
  readonly waits: readonly number[];
}

/** A simulated Buildkite organization. */
export interface Fleet {
  /** Lets the fleet live until now; a time that has already passed changes nothing. Epoch milliseconds. */
  step(nowMs: number): void;
  snapshot(): FleetSnapshot;
  /** Open builds, and those that ended last. */
  builds(): readonly PlacedBuild[];
  queues(): readonly FleetQueue[];
  readonly organization: string;
  readonly apiToken: string;
  /** One a cluster, in the order of the clusters. */
  readonly agentTokens: readonly string[];
  /** What a configuration must name in `hostedQueues`. */
  readonly hostedQueues: readonly string[];
}

/** Simulated before the start, so that the first look finds a fleet at work and not an empty one. */
const warmUpSeconds = 600;

/** A machine that slept for a night continues where it was instead of living through it. */
const longestStepSeconds = 6 * 3600;

/** An hour of the demo at its usual speed; a collector that was away for longer misses some. */
const finishedBuildsKept = 5_000;

/** Apart from the other generators: what ends badly must not change what arrives when. */
const seedOfFates = 7_919;

export function createFleet(options: FleetOptions): Fleet {
  const { startMs, speed = 1, plan = demoPlan } = options;
  let lastMs = startMs;
  // The remainder of a second that has been lived through only in part.
  let pendingSeconds = 0;
  let second = -warmUpSeconds;
  // Real time that the fleet has not lived through; what was before it keeps its time.
  const skips: { readonly after: number; readonly ms: number }[] = [];
  const finished: PlacedBuild[] = [];
  const msOf = (simulated: number): number => {
    const skippedMs = skips.reduce((sum, { after, ms }) => (simulated > after ? sum + ms : sum), 0);
    return startMs + Math.floor((simulated * 1000) / speed + skippedMs);
  };
  const lastArrival = ((options.arrivalsUntilMs ?? Infinity) - startMs) * (speed / 1000);
  const keep = (build: PlacedBuild): void => {
    finished.push(build);
    if (finished.length > finishedBuildsKept) finished.shift();
  };
  const clusters = plan.clusters.map((cluster, index) => ({
    ...cluster,
    queues: queuesOf(cluster, index, { ...options, msOf, lastArrival, keep }),
  }));

  const tick = (): void => {
    second += 1;
    for (const { queues } of clusters) for (const { queue } of queues) queue.tick(second);
  };
  while (second < 0) tick();

  return {
    step: (nowMs) => {
      const passed = (Math.max(0, nowMs - lastMs) / 1000) * speed;
      const lived = Math.min(longestStepSeconds, passed);
      if (passed > lived) skips.push({ after: second, ms: ((passed - lived) * 1000) / speed });
      pendingSeconds += lived;
      lastMs = Math.max(lastMs, nowMs);
      for (; pendingSeconds >= 1; pendingSeconds -= 1) tick();
    },
    snapshot: () => ({
      organization: plan.organization,
      simulatedSeconds: second,
      clusters: clusters.map(({ queues, ...cluster }) => ({
        ...cluster,
        queues: queues.map(({ queue }) => queue.snapshot()),
      })),
    }),
    builds: () => {
      const open = clusters.flatMap(({ queues }) =>
        queues.flatMap(({ at, queue }) => queue.open().map((build) => ({ build, at }))),
      );
      // One that was retried by hand is among those that ended as often as it did, and may be open again.
      return [...new Map([...finished, ...open].map((placed) => [placed.build.uuid, placed])).values()];
    },
    queues: () => clusters.flatMap(({ queues }) => queues.map((placed) => shownQueue(placed, second, speed))),
    organization: plan.organization,
    apiToken: plan.apiToken,
    agentTokens: plan.clusters.map(({ agentToken }) => agentToken),
    hostedQueues: hostedQueuesOf(plan),
  };
}

interface PlacedQueue {
  readonly at: QueueAddress;
  readonly queue: SimulatedQueue;
}

function shownQueue({ at, queue }: PlacedQueue, second: number, speed: number): FleetQueue {
  const { isHosted, jobs, agents } = queue.snapshot();
  const waits = queue.recentWaits(second).map((seconds) => seconds / speed);
  const ended = queue.recentEnds(second);
  return {
    ...{ at, isHosted, waits },
    running: jobs.running,
    waiting: jobs.scheduled,
    // Hosted agents live as long as their job.
    agents: agents?.total ?? jobs.running,
    passed: ended.filter((state) => state === 'passed').length,
    failed: ended.length - ended.filter((state) => state === 'passed').length,
  };
}

interface QueueContext extends FleetOptions {
  readonly msOf: (second: number) => number;
  readonly lastArrival: number;
  readonly keep: (build: PlacedBuild) => void;
}

function queuesOf(
  { name, queues }: FleetPlan['clusters'][number],
  clusterIndex: number,
  { seed, startMs, plan: fleetPlan = demoPlan, observer, msOf, lastArrival, keep }: QueueContext,
): readonly PlacedQueue[] {
  return queues.map((plan, index) => {
    const place = clusterIndex * 100 + index;
    const at: QueueAddress = {
      cluster: name,
      queue: plan.key,
      // Clusters and queues stay the same from life to life.
      clusterUuid: name === undefined ? undefined : uuidOf(0, clusterIndex, 0),
      queueUuid: uuidOf(0, place, 1),
      msOf,
    };
    const queue = createQueue(plan, {
      // A generator of its own for each queue: a change of one plan leaves the other queues as they were.
      random: seededRandom(seed * 1000 + place),
      fates: seededRandom((seed + seedOfFates) * 1000 + place),
      ids: identities(startMs, place),
      lastArrival,
      // A build that ends twice between two looks shows its last end only, so a demo that stops in between cannot be exact.
      retriesByHand: fleetPlan.retriesByHand ?? 'none',
      jobFinished: (job) => observer?.jobFinished?.(job, at),
      buildFinished: (build) => {
        keep({ build, at });
        observer?.buildFinished?.(build, at);
      },
    });
    return { at, queue };
  });
}
