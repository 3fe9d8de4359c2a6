/** The sink as the wiring makes it, with the real HTTP client and the real secret cache. */
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { DatadogConfig } from '../../../lambda/sinks/datadog/config.ts';
import { createDatadog } from '../../../lambda/sinks/datadog/create.ts';
import type { Delivery, Parcel, Preview } from '../../../lambda/sinks/sink.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSink extends AsyncDisposable {
  readonly write: (batch: Batch, budgetMs?: number) => Promise<Delivery>;
  readonly redeliver: (parcels: readonly Parcel[]) => Promise<Delivery>;
  readonly preview: (batch: Batch) => Promise<Preview>;
  readonly isPacking: boolean;
  readonly log: RecordingLog;
  /** What the secret references `{ env: … }` lead to; a test may change it between runs. */
  readonly variables: Record<string, string>;
}

export function datadogSink(raw: Readonly<Record<string, unknown>>): TestSink {
  const variables: Record<string, string> = { KEY: 'key' };
  const { hub, cache, log } = createWired(variables);
  const sink = createDatadog(DatadogConfig.parse({ kind: 'datadog', apiKey: { env: 'KEY' }, ...raw }), {
    print: () => undefined,
    http: hub.port(),
    secrets: cache.secrets,
    clock: Date.now,
    log,
    collector: 'ci',
    intervalMs: 60_000,
    aws: noAws,
  });
  return {
    write: async (batch, budgetMs = 45_000) => {
      using deadline = createDeadline(budgetMs, Date.now);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    redeliver: async (parcels) => {
      using deadline = createDeadline(45_000, Date.now);
      cache.startRun();
      if (sink.redeliver === undefined) throw new TypeError('the sink takes no parcels');
      return await sink.redeliver(parcels, { deadline });
    },
    preview: async (batch) => await sink.preview(batch),
    isPacking: sink.pack !== undefined,
    log,
    variables,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}
