/** A simulated organization, its server and the source over them, for tests of one case. */
import type { Fate, Oddities } from '../../../lambda/demo/simulators/github/organization/fates.ts';
import {
  createOrganization,
  type SimulatedOrganization,
} from '../../../lambda/demo/simulators/github/organization/organization.ts';
import type { OrganizationPlan, RepositoryPlan } from '../../../lambda/demo/simulators/github/organization/plan.ts';
import type { Happening, RunRecord } from '../../../lambda/demo/simulators/github/organization/records.ts';
import {
  type GithubServer,
  type GithubServerOptions,
  startGithubServer,
} from '../../../lambda/demo/simulators/github/server.ts';
import type { Inbox, QueuedEvent } from '../../../lambda/events/inbox.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { githubSource, type TestSource, valuesOf } from './harness.ts';

const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const startMs = Date.UTC(2026, 8, 1, 9);

export interface Seen {
  readonly families: readonly MetricFamily[];
  readonly problems: readonly Problem[];
  readonly values: (name: string, ...labels: readonly string[]) => Readonly<Record<string, number>>;
}

export interface Opened extends AsyncDisposable {
  readonly organization: SimulatedOrganization;
  readonly server: GithubServer;
  readonly source: TestSource;
  readonly happenings: readonly Happening[];
  readonly now: () => number;
  /** Begins a run by hand, of the workflow `build.yml` unless another one is named. */
  readonly begin: (fate?: Partial<Fate>, file?: string) => RunRecord;
  /** The tick some minutes after the last one. */
  readonly tick: (minutes?: number) => Promise<Seen>;
}

export interface OpenOptions extends Partial<GithubServerOptions> {
  readonly repositories?: readonly RepositoryPlan[];
  readonly pools?: OrganizationPlan['pools'];
  readonly enterprise?: string;
  readonly odds?: Oddities;
  readonly settings?: object;
  /** Of what becomes of runs. */
  readonly seed?: number;
  /** Events that the next tick finds in the queue; it takes them out. */
  readonly queue?: QueuedEvent[];
  readonly variables?: Readonly<Record<string, string>>;
  /** How much the clock of the collector is ahead of GitHub's. Milliseconds. */
  readonly aheadMs?: number;
}

const linux = { labels: ['self-hosted', 'linux', 'x64'], pool: 'linux', meanSeconds: 60 } as const;

export function repository(name: string, runsPerHour = 0): RepositoryPlan {
  const stages = [[{ name: 'test', ...linux }]];
  return { name, workflows: [{ name: 'build', file: 'build.yml', event: 'push', runsPerHour, stages }] };
}

const usualPools: OrganizationPlan['pools'] = [
  { name: 'linux', kind: 'self-hosted', labels: ['self-hosted', 'linux', 'x64'], size: 4, group: 'Default' },
];

export async function opened({
  repositories = [repository('shop')],
  pools = usualPools,
  enterprise,
  settings = {},
  odds,
  queue,
  variables,
  aheadMs = 0,
  seed = 3,
  ...options
}: OpenOptions = {}): Promise<Opened> {
  let nowMs = startMs;
  const clock = (): number => nowMs;
  const happenings: Happening[] = [];
  const organization = createOrganization({
    seed,
    startMs,
    historyHours: 0,
    plan: { login: 'acme', repositories, pools, ...(enterprise === undefined ? {} : { enterprise }) },
    observe: (happening) => {
      happenings.push(happening);
    },
    ...(odds === undefined ? {} : { odds }),
  });
  const credentials = [{ kind: 'classic' as const, token: 'ghp_token', scopes: ['repo', 'admin:org'] }];
  const server = await startGithubServer({ organization, clock, credentials, ...options });
  const source = githubSource(
    { endpoint: server.endpoint, ...settings },
    {
      clock: () => nowMs + aheadMs,
      variables: variables ?? { TOKEN: 'ghp_token' },
      ...(queue === undefined ? {} : { inbox: createInbox(queue) }),
    },
  );
  return {
    organization,
    server,
    source,
    happenings,
    now: clock,
    begin: (fate, file = 'build.yml') => {
      organization.advance(nowMs);
      return organization.begin(repositories[0]?.name ?? '', file, fate);
    },
    tick: async (minutes = 1) => {
      nowMs += minutes * minuteMs;
      const counted = await source.collect();
      const { families, problems } = counted.collection;
      return { families, problems, values: (name, ...labels) => valuesOf(families, name, labels) };
    },
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** A queue whose events are gone once they were saved. */
export function createInbox(queue: QueuedEvent[]): Inbox {
  return {
    take: () => {
      const events = [...queue];
      return Promise.resolve({
        events,
        hasMore: false,
        remove: () => {
          queue.splice(0, events.length);
          return Promise.resolve();
        },
      });
    },
  };
}

/** The names of the metrics that were published. */
export function canonicalNames(families: readonly MetricFamily[]): readonly string[] {
  return families.map(({ definition }) => definition.name);
}
