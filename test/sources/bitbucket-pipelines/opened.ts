/** A simulated workspace, its server and the source over them, for tests of one case. */
import {
  type BitbucketServer,
  type BitbucketServerOptions,
  startBitbucketServer,
} from '../../../lambda/demo/simulators/bitbucket/server.ts';
import type { TimedRun, TimedStep } from '../../../lambda/demo/simulators/bitbucket/timeline.ts';
import {
  createWorkspace,
  type RepositoryPlan,
  type SimulatedRunner,
  type SimulatedWorkspace,
} from '../../../lambda/demo/simulators/bitbucket/workspace.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { bitbucketSource, type TestSource, valuesOf } from './harness.ts';

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const startMs = Date.UTC(2026, 0, 5, 9);

export interface Seen {
  readonly families: readonly MetricFamily[];
  readonly problems: readonly Problem[];
  /** Of the runs that were counted. */
  readonly lines: readonly Readonly<Record<string, string | number>>[];
  readonly values: (name: string, ...labels: readonly string[]) => Readonly<Record<string, number>>;
}

export interface Opened extends AsyncDisposable {
  readonly workspace: SimulatedWorkspace;
  readonly server: BitbucketServer;
  readonly source: TestSource;
  readonly now: () => number;
  /** The tick some minutes after the last one; the clock of the collector may be ahead of Bitbucket's. */
  readonly tick: (minutes?: number, aheadMs?: number) => Promise<Seen>;
}

type Options = Partial<BitbucketServerOptions> & {
  readonly repositories?: readonly Partial<RepositoryPlan>[];
  readonly runners?: readonly SimulatedRunner[];
  readonly settings?: object;
};

export async function opened({
  repositories = [{}],
  runners = [],
  settings = {},
  ...options
}: Options): Promise<Opened> {
  let nowMs = startMs;
  let offMs = 0;
  const clock = (): number => nowMs;
  const plans = repositories.map((plan, index) => ({
    slug: index === 0 ? 'shop' : `other-${String(index)}`,
    project: 'WEB',
    runsPerHour: 0,
    pipelines: 'some' as const,
    ...plan,
  }));
  const workspace = createWorkspace({ slug: 'acme', seed: 3, startMs, repositories: plans, runners });
  const credentials = new Map([['Bearer token', 'access-token' as const]]);
  const server = await startBitbucketServer({ workspace, clock, credentials, ...options });
  const source = bitbucketSource({ endpoint: server.endpoint, ...settings }, { clock: () => nowMs + offMs });
  return {
    workspace,
    server,
    source,
    now: clock,
    tick: async (minutes = 1, aheadMs = 0) => {
      nowMs += minutes * minuteMs;
      offMs = aheadMs;
      const counted = await source.collect();
      const { families, problems } = counted.collection;
      const lines = counted.outcome === 'counted' ? counted.lines : [];
      return { families, problems, lines, values: (name, ...labels) => valuesOf(families, name, labels) };
    },
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

const automatic = { trigger: 'automatic', result: 'SUCCESSFUL' } as const;

/** A run that was pushed to the main branch. */
export function run(createdMs: number, steps: readonly Partial<TimedStep>[], more: Partial<TimedRun> = {}): TimedRun {
  return {
    uuid: '{00000007-0000-4000-8000-000000000000}',
    number: 7,
    attempt: 1,
    kind: 'push',
    branch: 'main',
    createdMs,
    result: 'SUCCESSFUL',
    steps: steps.map((step, index) => ({ uuid: `{step-${String(index)}}`, ...automatic, ...step })),
    ...more,
  };
}
