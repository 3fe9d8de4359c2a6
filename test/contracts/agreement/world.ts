/** A Buildkite that lives by the clock of the test, fails now and then, and knows the answer to every question itself. */
import type {
  QueueAddress,
  SimulatedBuild,
  SimulatedJob,
} from '../../../lambda/demo/simulators/buildkite/fleet/build-record.ts';
import { startBuildkiteServer } from '../../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet } from '../../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import type { FleetPlan } from '../../../lambda/demo/simulators/buildkite/fleet/plan.ts';
import { type LoopbackServer, startLoopbackServer } from '../../support/network/loopback-server.ts';

/** Bursts that are more than the agents can take at once, so that some jobs wait for longer than five minutes. */
const plan: FleetPlan = {
  organization: 'acme',
  apiToken: 'bkua_agree',
  clusters: [
    {
      name: 'Linux',
      agentToken: 'bkct_agree_linux',
      queues: [
        {
          key: 'default',
          pipelines: [
            { slug: 'web', failRate: 0.05 },
            { slug: 'api', failRate: 0.02 },
          ],
          agents: { kind: 'fixed', count: 5 },
          buildsPerHour: 20,
          // 118 minutes, so that the last burst comes nine minutes before the last run of the day.
          bursts: { everySeconds: 7080, builds: 12 },
          stages: [1, 2],
          jobSeconds: 120,
        },
      ],
    },
    {
      name: 'Apple',
      agentToken: 'bkct_agree_apple',
      queues: [
        {
          key: 'mobile',
          pipelines: [{ slug: 'ios', failRate: 0.08 }],
          agents: { kind: 'fixed', count: 2 },
          buildsPerHour: 9,
          bursts: { everySeconds: 5400, builds: 4 },
          stages: [2],
          jobSeconds: 150,
        },
        {
          key: 'deploy',
          pipelines: [{ slug: 'deploy', failRate: 0.02 }],
          agents: { kind: 'fixed', count: 3 },
          buildsPerHour: 2,
          stages: [1],
          jobSeconds: 60,
        },
      ],
    },
  ],
};

/** What is true of this moment. */
export interface TrueLevels {
  readonly queued: number;
  readonly running: number;
  readonly idle: number;
  readonly oldestWaitSeconds: number;
}

/** What is true of all that has ended since a time. */
export interface TrueEnds {
  readonly buildsFailed: number;
  readonly buildsPassed: number;
  readonly jobs: number;
  /** Of each job that had begun. Seconds, ascending. */
  readonly waits: readonly number[];
}

export interface World extends AsyncDisposable {
  readonly settings: object;
  readonly variables: Readonly<Record<string, string>>;
  readonly nowMs: () => number;
  liveUntil(ms: number): void;
  levels(): TrueLevels;
  endsSince(ms: number): TrueEnds;
}

export interface WorldOptions {
  readonly startMs: number;
  /** No build begins after that, so that everything has ended some time later. Epoch milliseconds. */
  readonly arrivalsUntilMs: number;
  /** Asked at each request; true: it is answered by 503. */
  readonly isBroken: () => boolean;
}

export async function startWorld({ startMs, arrivalsUntilMs, isBroken }: WorldOptions): Promise<World> {
  let nowMs = startMs;
  const jobs: { readonly job: SimulatedJob; readonly at: QueueAddress }[] = [];
  const builds: { readonly state: SimulatedBuild['state']; readonly endedMs: number }[] = [];
  const fleet = createFleet({
    ...{ seed: 5, startMs, arrivalsUntilMs, plan },
    observer: {
      jobFinished: (job, at) => jobs.push({ job, at }),
      buildFinished: ({ state, finishedAt = 0 }, { convertToMs: msOf }) =>
        builds.push({ state, endedMs: msOf(finishedAt) }),
    },
  });
  const server = await startBuildkiteServer({ fleet, clock: () => nowMs, requestsPerMinute: 10_000 });
  const gate = await startGate(server.url, { isBroken, clock: () => nowMs });
  return {
    settings: {
      kind: 'buildkite',
      name: 'main',
      endpoint: `${gate.url}/v3`,
      graphqlEndpoint: `${gate.url}/v1`,
      restEndpoint: `${gate.url}/v2`,
      organization: 'acme',
      agentTokens: [{ env: 'LINUX' }, { env: 'APPLE' }],
      apiToken: { env: 'API' },
    },
    variables: { LINUX: fleet.agentTokens[0] ?? '', APPLE: fleet.agentTokens[1] ?? '', API: fleet.apiToken },
    nowMs: () => nowMs,
    liveUntil: (ms) => {
      nowMs = ms;
      fleet.advance(ms);
    },
    levels: () => {
      const queues = fleet.snapshot().clusters.flatMap((cluster) => cluster.queues);
      const sum = (of: (queue: (typeof queues)[number]) => number): number =>
        queues.reduce((all, queue) => all + of(queue), 0);
      const runnable = fleet
        .builds()
        .flatMap(({ build, at }) =>
          build.jobs.filter(({ state }) => state === 'scheduled').map(({ runnableAt }) => at.convertToMs(runnableAt)),
        );
      return {
        queued: sum((queue) => queue.jobs.scheduled),
        running: sum((queue) => queue.jobs.running),
        idle: sum((queue) => queue.agents?.idle ?? 0),
        oldestWaitSeconds: (nowMs - Math.min(nowMs, ...runnable)) / 1000,
      };
    },
    endsSince: (ms) => {
      const ended = jobs.filter(({ job, at }) => at.convertToMs(job.finishedAt ?? 0) >= ms);
      const verdicts = builds.filter(({ endedMs }) => endedMs >= ms);
      return {
        buildsFailed: verdicts.filter(({ state }) => state === 'failed').length,
        buildsPassed: verdicts.filter(({ state }) => state === 'passed').length,
        jobs: ended.length,
        waits: ended
          .flatMap(({ job }) => (job.startedAt === undefined ? [] : [job.startedAt - job.runnableAt]))
          .sort((a, b) => a - b),
      };
    },
    [Symbol.asyncDispose]: async () => {
      await gate.close();
      await server.close();
    },
  };
}

/** Stands before the server and fails in its place; addresses in answers are its own. */
async function startGate(
  origin: string,
  { isBroken, clock }: { readonly isBroken: () => boolean; readonly clock: () => number },
): Promise<LoopbackServer> {
  const gate = await startLoopbackServer((_request, response, { method, path, headers, body }) => {
    if (isBroken()) {
      const date = new Date(clock()).toUTCString();
      response.writeHead(503, { 'content-type': 'application/json', date }).end('{"message":"no"}');
      return;
    }
    const forwarded = Object.fromEntries(
      ['authorization', 'accept', 'content-type'].flatMap((name) => {
        const value = headers[name];
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const sent = method === 'POST' ? { body: body.toString('utf8') } : {};
    void fetch(`${origin}${path}`, { method, headers: forwarded, ...sent }).then(async (answer) => {
      const own = (text: string): string => text.replaceAll(origin, gate.url);
      const kept = [...answer.headers].filter(
        ([name]) => !/^(content-length|transfer-encoding|connection|keep-alive)$/.test(name),
      );
      response.writeHead(answer.status, Object.fromEntries(kept.map(([name, value]) => [name, own(value)])));
      response.end(own(await answer.text()));
    });
  });
  return gate;
}
