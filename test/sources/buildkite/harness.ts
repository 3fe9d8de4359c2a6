import { createHttpHub } from '../../../lambda/http/client.ts';
import type { Timeouts } from '../../../lambda/http/limits.ts';
import type { MetricFamily } from '../../../lambda/model/metric.ts';
import { deadlineIn } from '../../../lambda/runtime/deadline.ts';
import { environmentStore } from '../../../lambda/secrets/environment.ts';
import { createRedactor } from '../../../lambda/secrets/redaction.ts';
import { createSecrets } from '../../../lambda/secrets/store.ts';
import { createBuildkite } from '../../../lambda/sources/buildkite/collect.ts';
import { BuildkiteConfig } from '../../../lambda/sources/buildkite/config.ts';
import type { Collection } from '../../../lambda/sources/source.ts';
import { noAws } from '../../support/no-aws.ts';
import { withoutLedger } from '../../support/ledger.ts';
import { recordingLog, type RecordingLog } from '../../support/recording-log.ts';

export interface TestSource extends AsyncDisposable {
  /** One run of a warm process; the secrets are read as the pipeline reads them. */
  collect(budgetMs?: number, signal?: AbortSignal): Promise<Collection>;
  /** What the secret references `{ env: … }` lead to. */
  readonly variables: Record<string, string>;
  readonly log: RecordingLog;
}

export interface TestSourceOptions {
  readonly variables: Readonly<Record<string, string>>;
  readonly clock?: () => number;
  readonly timeouts?: Partial<Timeouts>;
}

/** The source as the wiring makes it, with the real HTTP client and the real secret cache. */
export function buildkiteSource(
  raw: Readonly<Record<string, unknown>>,
  { variables: given, clock = () => Date.now(), timeouts = {} }: TestSourceOptions,
): TestSource {
  const log = recordingLog();
  const variables = { ...given };
  // No jitter: retries come at once.
  const hub = createHttpHub({ clock, random: () => 0, log, loopback: 'allow', timeouts });
  const unused = { read: () => Promise.reject(new Error('not part of this test')) };
  const cache = createSecrets({
    stores: { secret: unused, parameter: unused, env: environmentStore(variables), file: unused },
    clock,
    cacheMs: 60_000,
    redactor: createRedactor(),
    log,
  });
  const config = BuildkiteConfig.parse({ kind: 'buildkite', name: 'main', ...raw });
  const source = createBuildkite(config, {
    http: hub.port(),
    aws: noAws,
    secrets: cache.secrets,
    clock,
    log,
  });
  return {
    collect: async (budgetMs = 20_000, signal) => {
      // Timers are real ones, so the deadline counts real time, whatever the clock of the test says.
      using deadline = deadlineIn(budgetMs, () => Date.now(), signal);
      cache.startRun();
      return await source.collect({ deadline, tickMs: clock(), openLedger: withoutLedger });
    },
    variables,
    log,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}

/** `ci_queue_jobs{queue="a",state="queued"}` and its like, to values; only the named labels are in the keys. */
export function valuesOf(
  families: readonly MetricFamily[],
  name: string,
  labels: readonly string[],
): Readonly<Record<string, number>> {
  const family = families.find(({ definition }) => definition.name === name);
  if (family?.type !== 'gauge') return {};
  return Object.fromEntries(
    family.samples.map((sample) => [labels.map((label) => sample.labels[label] ?? '').join(' '), sample.value]),
  );
}
