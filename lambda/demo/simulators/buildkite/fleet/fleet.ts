/** Plays a whole simulated Buildkite organization with its clusters and queues. */
import type { FleetObserver, QueueAddress, SimulatedBuild } from './build-record.ts';
import { createIdentities, formatUuid } from './identities.ts';
import { demoPlan, type FleetPlan, findHostedQueues } from './plan.ts';
import { createQueue, type SimulatedQueue } from './queue.ts';
import { createRandom } from '../../random.ts';
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
export interface FleetBuild {
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
  /** Simulates until now; a time that has already passed changes nothing. Epoch milliseconds. */
  advance(nowMs: number): void;
  snapshot(): FleetSnapshot;
  /** Open builds, and those that ended last. */
  builds(): readonly FleetBuild[];
  queues(): readonly FleetQueue[];
  readonly organization: string;
  readonly apiToken: string;
  /** One a cluster, in the order of the clusters. */
  readonly agentTokens: readonly string[];
  /** What a configuration must name in `hostedQueues`. */
  readonly hostedQueues: readonly string[];
}

/** Simulated before the start, so that the first request finds a fleet at work and not an empty one. */
const warmUpSeconds = 600;

/** After a longer pause, as when the machine has slept, the fleet continues where it was. */
const longestStepSeconds = 6 * 3600;

/** An hour of the demo at its usual speed; a collector that was away for longer misses some. */
const finishedBuildsKept = 5_000;

/** Apart from the other generators: what ends badly must not change what arrives when. */
const seedOfFates = 7_919;

export function createFleet(options: FleetOptions): Fleet {
  const { startMs, speed = 1, plan = demoPlan } = options;
  let lastMs = startMs;
  // Time that has passed and is less than a simulated second.
  let pendingSeconds = 0;
  let second = -warmUpSeconds;
  // Pauses that were not simulated: they move the times of what comes after them.
  const skips: { readonly after: number; readonly ms: number }[] = [];
  const finished: FleetBuild[] = [];
  const convertToMs = (simulated: number): number => {
    const skippedMs = skips.reduce((sum, { after, ms }) => (simulated > after ? sum + ms : sum), 0);
    return startMs + Math.floor((simulated * 1000) / speed + skippedMs);
  };
  const lastArrival = ((options.arrivalsUntilMs ?? Infinity) - startMs) * (speed / 1000);
  const keep = (build: FleetBuild): void => {
    finished.push(build);
    if (finished.length > finishedBuildsKept) finished.shift();
  };
  const clusters = plan.clusters.map((cluster, index) => ({
    ...cluster,
    queues: createQueues(cluster, index, { ...options, convertToMs, lastArrival, keep }),
  }));

  const advanceSecond = (): void => {
    second += 1;
    for (const { queues } of clusters) for (const { queue } of queues) queue.tick(second);
  };
  while (second < 0) advanceSecond();

  return {
    advance: (nowMs) => {
      const passed = (Math.max(0, nowMs - lastMs) / 1000) * speed;
      const lived = Math.min(longestStepSeconds, passed);
      if (passed > lived) skips.push({ after: second, ms: ((passed - lived) * 1000) / speed });
      pendingSeconds += lived;
      lastMs = Math.max(lastMs, nowMs);
      for (; pendingSeconds >= 1; pendingSeconds -= 1) advanceSecond();
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
    queues: () => clusters.flatMap(({ queues }) => queues.map((placed) => mapFleetQueue(placed, second, speed))),
    organization: plan.organization,
    apiToken: plan.apiToken,
    agentTokens: plan.clusters.map(({ agentToken }) => agentToken),
    hostedQueues: findHostedQueues(plan),
  };
}

interface AddressedQueue {
  readonly at: QueueAddress;
  readonly queue: SimulatedQueue;
}

function mapFleetQueue({ at, queue }: AddressedQueue, second: number, speed: number): FleetQueue {
  const { isHosted, jobs, agents } = queue.snapshot();
  const waits = queue.recentWaits(second).map((seconds) => seconds / speed);
  const ended = queue.recentEnds(second);
  return {
    at,
    isHosted,
    waits,
    running: jobs.running,
    waiting: jobs.scheduled,
    // Hosted agents live as long as their job.
    agents: agents?.total ?? jobs.running,
    passed: ended.filter((state) => state === 'passed').length,
    failed: ended.length - ended.filter((state) => state === 'passed').length,
  };
}

interface QueueContext extends FleetOptions {
  readonly convertToMs: (second: number) => number;
  readonly lastArrival: number;
  readonly keep: (build: FleetBuild) => void;
}

function createQueues(
  { name, queues }: FleetPlan['clusters'][number],
  clusterIndex: number,
  { seed, startMs, plan: fleetPlan = demoPlan, observer, convertToMs, lastArrival, keep }: QueueContext,
): readonly AddressedQueue[] {
  return queues.map((plan, index) => {
    const queueNumber = clusterIndex * 100 + index;
    const at: QueueAddress = {
      cluster: name,
      queue: plan.key,
      // Clusters and queues stay the same from life to life.
      clusterUuid: name === undefined ? undefined : formatUuid(0, clusterIndex, 0),
      queueUuid: formatUuid(0, queueNumber, 1),
      convertToMs,
    };
    const queue = createQueue(plan, {
      // A generator of its own for each queue: a change of one plan leaves the other queues as they were.
      random: createRandom(seed * 1000 + queueNumber),
      fates: createRandom((seed + seedOfFates) * 1000 + queueNumber),
      ids: createIdentities(startMs, queueNumber),
      lastArrival,
      // Of a build that ends twice between two requests only the last end is seen; exact counts need a plan without.
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
