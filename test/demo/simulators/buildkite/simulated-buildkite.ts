/** A simulated Buildkite whose time the test moves, and which knows what it has finished. */
import type { QueueAddress, SimulatedJob } from '../../../../lambda/demo/simulators/buildkite/fleet/build-record.ts';
import { type BuildkiteServer, startBuildkiteServer } from '../../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import { type Finishes, tallyFinishes } from './true-finishes.ts';

export interface EndedJob {
  readonly job: SimulatedJob;
  readonly at: QueueAddress;
  readonly finishedMs: number;
}

/** A Buildkite whose time stands still unless the test lets it pass, and which knows what it has finished. */
export interface SimulatedBuildkite {
  readonly server: BuildkiteServer;
  /** For the secret of the configuration. */
  readonly tokens: Readonly<Record<'linux' | 'apple' | 'unclustered' | 'api', string>>;
  /** Lets the fleet live until then. Epoch milliseconds. */
  liveUntil(ms: number): void;
  /** What finished since then, told by the simulation itself. */
  finishedSince(ms: number): Finishes;
  jobsFinishedSince(ms: number): readonly EndedJob[];
}

/** Simulated seconds in one of the clock: some dozen builds a minute, on a few pages of the list. */
const speed = 4;

export async function startSimulatedBuildkite(startMs: number): Promise<SimulatedBuildkite> {
  let nowMs = startMs;
  const tally = tallyFinishes();
  const ended: EndedJob[] = [];
  const fleet = createFleet({
    seed: 11,
    startMs,
    speed,
    observer: {
      ...tally.observer,
      jobFinished: (job, at) => {
        tally.observer.jobFinished?.(job, at);
        ended.push({ job, at, finishedMs: at.convertToMs(job.finishedAt ?? 0) });
      },
    },
  });
  // Runs of several minutes come within seconds here, so that the limit of a minute means nothing.
  const server = await startBuildkiteServer({ fleet, clock: () => nowMs, requestsPerMinute: 10_000 });
  const [linux = '', apple = '', unclustered = ''] = fleet.agentTokens;
  return {
    server,
    tokens: { linux, apple, unclustered, api: fleet.apiToken },
    liveUntil: (ms) => {
      nowMs = Math.max(nowMs, ms);
      fleet.advance(nowMs);
    },
    finishedSince: (ms) => tally.since(ms),
    jobsFinishedSince: (ms) => ended.filter(({ finishedMs }) => finishedMs >= ms),
  };
}
