/** The sink as the wiring makes it, with the real HTTP client and the real secret cache. */
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { NewRelicConfig } from '../../../lambda/sinks/new-relic/config.ts';
import { createNewRelic } from '../../../lambda/sinks/new-relic/create.ts';
import type { Delivery, Parcel, Sink } from '../../../lambda/sinks/sink.ts';
import { knownKey } from '../../support/backends/new-relic-fake.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSink extends AsyncDisposable {
  readonly sink: Sink;
  readonly write: (batch: Batch) => Promise<Delivery>;
  readonly redeliver: (parcels: readonly Parcel[]) => Promise<Delivery>;
  readonly log: RecordingLog;
  /** What `{ env: … }` leads to; a test may change it between and during runs. */
  readonly variables: Record<string, string>;
}

const budgetMs = 45_000;

export function newRelicSink(raw: Readonly<Record<string, unknown>>, clock: () => number = Date.now): TestSink {
  const variables: Record<string, string> = { LICENSE_KEY: knownKey };
  const { hub, cache, log, redactor } = createWired(variables, { clock });
  const config = NewRelicConfig.parse({ kind: 'new-relic', apiKey: { env: 'LICENSE_KEY' }, ...raw });
  const sink = createNewRelic(config, {
    http: hub.port(),
    secrets: cache.secrets,
    clock,
    log,
    collector: 'ci',
    intervalMs: 60_000,
    print: () => undefined,
    aws: noAws,
    redactor,
  });
  return {
    sink,
    write: async (batch) => {
      using deadline = createDeadline(budgetMs, clock);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    redeliver: async (parcels) => {
      using deadline = createDeadline(budgetMs, clock);
      cache.startRun();
      if (sink.redeliver === undefined) throw new TypeError('the sink takes no parcels');
      return await sink.redeliver(parcels, { deadline });
    },
    log,
    variables,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}
