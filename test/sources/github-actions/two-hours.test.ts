/** Two simulated hours of an organization with 1,000 repositories, within 5,000 requests an hour. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../lambda/demo/simulators/random.ts';
import { createOrganization } from '../../../lambda/demo/simulators/github/organization/organization.ts';
import type { RepositoryPlan } from '../../../lambda/demo/simulators/github/organization/plan.ts';
import { startGithubServer } from '../../../lambda/demo/simulators/github/server.ts';
import { createWebhooks, rudeDeliveries } from '../../../lambda/demo/simulators/github/webhooks.ts';
import type { QueuedEvent } from '../../../lambda/events/inbox.ts';
import { reduceGithubEvent } from '../../../lambda/events/reduce-github-event.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { countFinishes } from '../../demo/simulators/github/true-finishes.ts';
import { githubSource, valuesOf } from './harness.ts';
import { createInbox } from './opened.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 8, 1, 9);
const busyMs = 120 * minuteMs;
/** Long enough for the sweep to come to every repository once more. */
const calmMs = 60 * minuteMs;

/** Some 10,000 requests over loopback: minutes on a busy machine, and no statement about speed. Also the deadline of each tick. */
const timeout = 1_200_000;

/** What GitHub allows a person in an hour, less the 5 % that the collector leaves to others. */
const mostRequests = 4750;

const stages: RepositoryPlan['workflows'][number]['stages'] = [
  [{ name: 'lint', labels: ['ubuntu-latest'], pool: 'ubuntu', meanSeconds: 40 }],
  [{ name: 'test', labels: ['self-hosted', 'linux'], pool: 'linux', meanSeconds: 120 }],
];

const pools = [
  { name: 'ubuntu', kind: 'hosted', labels: ['ubuntu-latest'], size: 60 },
  { name: 'linux', kind: 'self-hosted', labels: ['self-hosted', 'linux'], size: 40 },
] as const;

/** Few repositories do most of the work, as everywhere. */
function makePlans(count: number): readonly RepositoryPlan[] {
  return Array.from({ length: count }, (_, index): RepositoryPlan => {
    const name = `repository-${String(index).padStart(4, '0')}`;
    const runsPerHour = index < 20 ? 6 : 0.1;
    return { name, workflows: [{ name: 'build', file: 'build.yml', event: 'push', runsPerHour, stages }] };
  });
}

describe('two hours of an organization with 1,000 repositories at 5,000 requests an hour', () => {
  it.each(['the looks alone', 'a webhook that loses, repeats and delays'])(
    'count every finished run and job once by %s, and never meet a limit',
    { timeout },
    async (by) => {
      let nowMs = startMs;
      const clock = (): number => nowMs;
      const hasEvents = by !== 'the looks alone';
      const context = {
        api: 'https://api.github.com',
        html: 'https://github.com',
        login: 'acme',
        bodies: 'lean',
      } as const;
      const webhooks = createWebhooks({ secret: 'secret', context, random: createRandom(2), manners: rudeDeliveries });
      const organization = createOrganization({
        ...{ seed: 1, startMs, plan: { login: 'acme', pools, repositories: makePlans(1000) } },
        ...(hasEvents ? { observe: webhooks.observe } : {}),
      });
      const credentials = [{ kind: 'classic' as const, token: 'ghp_token', scopes: ['repo', 'admin:org'] }];
      // Lists lag; refusals would be problems, and how they are borne is held elsewhere.
      const manners = { listLagMs: 8000, secondaryEvery: 0, brokenEvery: 0 };
      await using server = await startGithubServer({ organization, clock, credentials, manners, bodies: 'lean' });
      const queue: QueuedEvent[] = [];
      await using source = githubSource(
        { endpoint: server.endpoint },
        { clock, variables: { TOKEN: 'ghp_token' }, ...(hasEvents ? { inbox: createInbox(queue) } : {}) },
      );
      const oldest: number[] = [];
      const tick = async (): Promise<readonly MetricFamily[]> => {
        organization.advance(nowMs);
        for (const { atMs, headers, body } of webhooks.takeUntil(nowMs)) {
          const event = headers['x-github-event'] ?? '';
          const reduced = reduceGithubEvent(event, body);
          if (reduced !== undefined) queue.push({ body: JSON.stringify({ event, body: reduced }), sentMs: atMs });
        }
        const { collection } = await source.collect(timeout);
        expect(collection.problems).toEqual([]);
        oldest.push(
          valuesOf(collection.families, 'ci_collector_repository_oldest_look_seconds', ['source'])['acme'] ?? 0,
        );
        return collection.families;
      };

      for (; nowMs < startMs + busyMs; nowMs += minuteMs) {
        // Functions are replaced now and then, and nothing may depend on what they remembered.
        if ((nowMs - startMs) % (17 * minuteMs) === 0) source.coldStart();
        await tick();
      }
      organization.rest();
      let families: readonly MetricFamily[] = [];
      for (; nowMs < startMs + busyMs + calmMs; nowMs += minuteMs) families = await tick();

      const truth = countFinishes(organization, startMs, nowMs);
      expect(Object.values(truth.runs).reduce((sum, runs) => sum + runs, 0)).toBeGreaterThan(300);
      expect(keepNonZero(valuesOf(families, 'ci_runs_total', ['scope', 'result', 'attempt']))).toEqual(truth.runs);
      expect(keepNonZero(valuesOf(families, 'ci_jobs_total', ['result']))).toEqual(truth.jobs);
      expect([...server.answers.keys()].filter((status) => status === 403 || status === 429)).toEqual([]);
      expect(server.mostInAnHour()).toBeLessThanOrEqual(mostRequests);
      // What the forecast promises for such an organization, and a little for its irregular life.
      expect(Math.max(...oldest)).toBeLessThan(90 * 60);
    },
  );
});

function keepNonZero(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value > 0));
}
