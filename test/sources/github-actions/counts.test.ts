/** Two hours of a simulated organization: every attempt and every job counts once, whatever is polled, told, lost or late. */
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../lambda/demo/simulators/random.ts';
import type { RepositoryPlan } from '../../../lambda/demo/simulators/github/organization/plan.ts';
import { demoOrganization } from '../../../lambda/demo/simulators/github/organization/plan.ts';
import {
  createOrganization,
  type SimulatedOrganization,
} from '../../../lambda/demo/simulators/github/organization/organization.ts';
import { type Manners, polite, rude, startGithubServer } from '../../../lambda/demo/simulators/github/server.ts';
import {
  createWebhooks,
  type DeliveryManners,
  politeDeliveries,
  rudeDeliveries,
  type Webhooks,
} from '../../../lambda/demo/simulators/github/webhooks.ts';
import { judgeWebhook } from '../../../lambda/events/judge-webhook.ts';
import type { QueuedEvent } from '../../../lambda/events/inbox.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { githubSource, valuesOf } from './harness.ts';
import { createInbox, hourMs, minuteMs, startMs } from './opened.ts';

const secret = 'It is a secret';

/** The repositories of the demo several times over; the machines are shared. */
function planOrganization(times: number): typeof demoOrganization {
  const copies = Array.from({ length: times }, (_, index) =>
    demoOrganization.repositories.map((plan): RepositoryPlan => ({ ...plan, name: `${plan.name}-${String(index)}` })),
  );
  const pools = demoOrganization.pools.map((pool) => ({ ...pool, size: pool.size * times }));
  return { ...demoOrganization, repositories: copies.flat(), pools };
}

interface Way {
  readonly poll: Manners;
  readonly webhook?: DeliveryManners;
}

async function playHours(seed: number, { poll, webhook }: Way) {
  let nowMs = startMs;
  const clock = (): number => nowMs;
  let webhooks: Webhooks | undefined;
  const organization = createOrganization({
    seed,
    startMs,
    // Of a run that ended before and was touched since, only its jobs would say so.
    historyHours: 0,
    plan: planOrganization(3),
    arrivalsUntilMs: startMs + 2 * hourMs,
    observe: (happening) => {
      if (happening.atMs >= startMs) webhooks?.observe(happening);
    },
  });
  const credentials = [{ kind: 'classic' as const, token: 'ghp_token', scopes: ['repo', 'admin:org'] }];
  await using server = await startGithubServer({ organization, clock, credentials, manners: poll, bodies: 'lean' });
  if (webhook !== undefined)
    webhooks = createWebhooks({
      secret,
      random: createRandom(seed),
      manners: webhook,
      context: { api: server.endpoint, html: server.endpoint, login: 'acme', bodies: 'lean' },
    });
  const queue: QueuedEvent[] = [];
  await using source = githubSource(
    { endpoint: server.endpoint },
    { clock, variables: { TOKEN: 'ghp_token' }, ...(webhook === undefined ? {} : { inbox: createInbox(queue) }) },
  );
  let families: readonly MetricFamily[] = [];
  const problems: string[] = [];
  const tick = async (): Promise<void> => {
    organization.advance(nowMs);
    for (const { atMs, headers, body } of webhooks?.takeUntil(nowMs) ?? []) {
      const request = { method: 'POST', headers, body: Buffer.from(body) };
      const { message } = judgeWebhook(request, { secret, scheme: 'github-signature', nowMs });
      if (message !== undefined) queue.push({ body: message, sentMs: atMs });
    }
    const counted = await source.collect();
    families = counted.collection.families;
    problems.push(...counted.collection.problems.map(({ message }) => message));
    nowMs += minuteMs;
  };
  // Until everything has come to its end, and every repository was looked at since.
  while (nowMs < startMs + 4 * hourMs) await tick();
  return { organization, families, problems, mostInAnHour: server.mostInAnHour() };
}

/** What has ended since counting began, by how it ended. */
function countEnds({ repositories }: SimulatedOrganization, untilMs: number) {
  const attempts = repositories.flatMap(({ runs }) =>
    runs.flatMap((run) => run.attempts.map((attempt) => ({ run, attempt }))),
  );
  const ended = attempts.filter(
    ({ attempt, run }) =>
      attempt.endedMs >= startMs &&
      attempt.endedMs < untilMs &&
      (run.approvedMs === undefined || run.approvedMs < untilMs),
  );
  const jobs = new Map(
    attempts.flatMap(({ attempt }) =>
      attempt.jobs
        .filter((job) => job.endedMs >= startMs && job.endedMs < untilMs && job.endedMs >= attempt.startedMs)
        .map((job) => [job.id, job] as const),
    ),
  );
  return {
    runs: tally(ended.map(({ attempt }) => attempt.conclusion)),
    jobs: tally([...jobs.values()].map(({ conclusion }) => conclusion)),
  };
}

const resultOf: Readonly<Record<string, string>> = {
  success: 'success',
  failure: 'failure',
  cancelled: 'cancellation',
  skipped: 'skip',
  timed_out: 'timeout',
  startup_failure: 'error',
};

function tally(conclusions: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const conclusion of conclusions) {
    const result = resultOf[conclusion] ?? conclusion;
    counts[result] = (counts[result] ?? 0) + 1;
  }
  return counts;
}

function withoutZeros(values: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));
}

describe('two hours of nine repositories', () => {
  it.each<readonly [string, Way]>([
    ['polled', { poll: polite }],
    ['polled from a server with lags and limits', { poll: rude }],
    ['told by a webhook as well', { poll: polite, webhook: politeDeliveries }],
    ['told by a webhook that loses, repeats and shuffles', { poll: rude, webhook: rudeDeliveries }],
  ])('count every attempt and job once when %s', async (_what, way) => {
    const { organization, families, problems, mostInAnHour } = await playHours(5, way);
    const truth = countEnds(organization, startMs + 4 * hourMs - minuteMs);

    expect(withoutZeros(valuesOf(families, 'ci_runs_total', ['result']))).toEqual(truth.runs);
    expect(withoutZeros(valuesOf(families, 'ci_jobs_total', ['result']))).toEqual(truth.jobs);
    expect(valuesOf(families, 'ci_collector_step_lists_left_out_total', ['source'])).toEqual({ acme: 0 });
    expect(mostInAnHour).toBeLessThanOrEqual(4750);
    if (way.poll === polite) expect(problems).toEqual([]);
  });
});
