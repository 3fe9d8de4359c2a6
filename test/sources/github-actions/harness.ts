/** The source `github-actions` as the wiring makes it, with real HTTP, secrets and counters. */
import { type CountedTick, countTick } from '../../../lambda/counters/tick/count-tick.ts';
import { createMemoryStateStore } from '../../../lambda/counters/stores/memory-store.ts';
import type { StateStore } from '../../../lambda/counters/stores/store.ts';
import type { Inbox } from '../../../lambda/events/inbox.ts';
import { createHttpHub } from '../../../lambda/http/hub.ts';
import { pickEarliest } from '../../../lambda/http/answers/server-clock.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { durationBounds, waitBounds } from '../../../lambda/model/catalogue/bounds.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { createEnvironmentStore } from '../../../lambda/secrets/stores/environment.ts';
import { createRedactor } from '../../../lambda/secrets/redaction/redactor.ts';
import { createSecrets } from '../../../lambda/secrets/create-secrets.ts';
import { createGithubActions } from '../../../lambda/sources/github-actions/collect.ts';
import { GithubActionsConfig } from '../../../lambda/sources/github-actions/config.ts';
import { githubActions } from '../../../lambda/sources/github-actions/index.ts';
import type { Source } from '../../../lambda/sources/source.ts';
import { recordingLog, type RecordingLog } from '../../support/recording-log.ts';

export interface TestSource extends AsyncDisposable {
  /** One tick; the clock of the test is its scheduled time. */
  collect(budgetMs?: number): Promise<Extract<CountedTick, { collection: unknown }>>;
  /** The process is gone, the state is not. */
  coldStart(): void;
  readonly source: () => Source;
  readonly log: RecordingLog;
}

export interface TestSourceOptions {
  readonly clock?: () => number;
  readonly store?: StateStore;
  readonly inbox?: Inbox;
  readonly variables?: Readonly<Record<string, string>>;
}

/** The source as the wiring makes it, with the real HTTP client, secret cache and counters. */
export function githubSource(
  raw: Readonly<Record<string, unknown>>,
  {
    clock = () => Date.now(),
    store = createMemoryStateStore(),
    inbox,
    variables = { TOKEN: 'token' },
  }: TestSourceOptions = {},
): TestSource {
  const log = recordingLog();
  const hub = createHttpHub({ clock, random: () => 0, firstWaitMs: 0, log, loopback: 'allow' });
  const unused = { read: () => Promise.reject(new Error('not part of this test')) };
  const cache = createSecrets({
    stores: { secret: unused, parameter: unused, env: createEnvironmentStore(variables), file: unused },
    clock,
    cacheMs: 60_000,
    redactor: createRedactor(),
    log,
  });
  const checked = {
    kind: 'github-actions',
    name: 'acme',
    organization: 'acme',
    auth: { token: { env: 'TOKEN' } },
    ...raw,
  };
  const config = GithubActionsConfig.parse(checked);
  const { metrics } = githubActions.prepare(checked);
  const aws = { region: undefined, credentials: () => Promise.reject(new Error('not part of this test')) };
  const http = hub.port();
  const ports = { http, aws, secrets: cache.secrets, clock, log, inbox };
  const create = (): Source => createGithubActions(config, ports);
  let source = create();
  const counted = { id: `github-actions/${config.name}`, system: 'github', name: config.name, metrics };
  return {
    collect: async (budgetMs = 20_000) => {
      // Timers are real ones, so the deadline counts real time, whatever the clock of the test says.
      using deadline = createDeadline(budgetMs, () => Date.now());
      cache.startRun();
      // What the clocks of servers said in the run before is over.
      http.takeMeter();
      const tickMs = clock();
      const result = await countTick((openLedger) => source.collect({ deadline, tickMs, openLedger }), counted, {
        tickMs,
        store,
        signal: deadline.signal,
        settings: { maxSeriesPerMetric: 5000, waitBounds, durationBounds, backfillMs: 0 },
        mode: 'commit',
        additiveSinks: [],
        isSettled: () => true,
        vendorNow: () => pickEarliest(http.readClocks()),
        log,
      });
      if (result.outcome === 'skipped') throw new Error(result.reason);
      return result;
    },
    coldStart: () => {
      source = create();
    },
    source: () => source,
    log,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}

/** Values of a gauge, or totals of a counter, by the named labels. */
export function valuesOf(
  families: readonly MetricFamily[],
  name: string,
  labels: readonly string[],
): Readonly<Record<string, number>> {
  const family = families.find(({ definition }) => definition.name === name);
  if (family === undefined) return {};
  const sums: Record<string, number> = {};
  for (const sample of family.samples) {
    const key = labels.map((label) => sample.labels[label] ?? '').join(' ');
    sums[key] = (sums[key] ?? 0) + valueOf(sample);
  }
  return sums;
}

function valueOf(sample: MetricFamily['samples'][number]): number {
  if ('value' in sample) return sample.value;
  if ('observations' in sample) return (sample.total?.counts ?? []).reduce((sum, count) => sum + count, 0);
  return sample.total?.value ?? 0;
}
