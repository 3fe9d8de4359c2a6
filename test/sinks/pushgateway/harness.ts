/** The sink `pushgateway` as the wiring makes it, for its tests. */
import { expect } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { PushgatewayConfig } from '../../../lambda/sinks/pushgateway/config.ts';
import { createPushgateway } from '../../../lambda/sinks/pushgateway/create.ts';
import type { Delivery, Preview } from '../../../lambda/sinks/sink.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSink extends AsyncDisposable {
  /** One run; the secrets are read as the pipeline reads them. */
  write(batch: Batch, budgetMs?: number): Promise<Delivery>;
  preview(batch: Batch): Promise<Preview>;
  readonly log: RecordingLog;
  /** What the secret references `{ env: … }` lead to; a test may change it between runs. */
  readonly variables: Record<string, string>;
}

/** The sink as the wiring makes it, with the real HTTP client and the real secret cache. */
export function pushgatewaySink(
  raw: { readonly url: string } & Readonly<Record<string, unknown>>,
  collector = 'ci',
): TestSink {
  const clock = (): number => Date.now();
  const variables: Record<string, string> = {};
  const { hub, cache, log } = createWired(variables, { clock });
  const sink = createPushgateway(PushgatewayConfig.parse({ kind: 'pushgateway', ...raw }), {
    http: hub.port(),
    secrets: cache.secrets,
    clock,
    log,
    collector,
    intervalMs: 60_000,
    print: () => undefined,
    aws: { region: undefined, credentials: () => Promise.reject(new Error('not part of this test')) },
  });
  return {
    write: async (batch, budgetMs = 45_000) => {
      using deadline = createDeadline(budgetMs, clock);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    preview: async (batch) => sink.preview(batch),
    log,
    variables,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}

/** A text that matches; vitest's own matchers are typed as anything. */
export function textLike(pattern: RegExp | string): unknown {
  return expect.stringMatching(pattern);
}
