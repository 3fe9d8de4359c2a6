/** The sink `remote-write` as the wiring makes it, for its tests. */
import { expect } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { RemoteWriteConfig } from '../../../lambda/sinks/remote-write/config.ts';
import { createRemoteWrite } from '../../../lambda/sinks/remote-write/create.ts';
import type { Delivery, Preview } from '../../../lambda/sinks/sink.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSink extends AsyncDisposable {
  /** One run; the secrets are read as the pipeline reads them. */
  write(batch: Batch, budgetMs?: number, signal?: AbortSignal): Promise<Delivery>;
  preview(batch: Batch): Promise<Preview>;
  readonly log: RecordingLog;
  /** What the secret references `{ env: … }` lead to; a test may change it between and during runs. */
  readonly variables: Record<string, string>;
}

export const knownKey = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** The sink as the wiring makes it, with the real HTTP client and the real secret cache; in 1.0 unless told otherwise. */
export function remoteWriteSink(
  raw: { readonly url: string } & Readonly<Record<string, unknown>>,
  collector = 'ci',
): TestSink {
  const clock = (): number => Date.now();
  const variables: Record<string, string> = {};
  const { hub, cache, log } = createWired(variables, { clock });
  const sink = createRemoteWrite(RemoteWriteConfig.parse({ kind: 'remote-write', version: '1.0', ...raw }), {
    ...{ print: () => undefined },
    http: hub.port(),
    secrets: cache.secrets,
    clock,
    log,
    collector,
    intervalMs: 60_000,
    aws: {
      region: 'eu-west-1',
      credentials: () => Promise.resolve({ ...knownKey, sessionToken: 'TOKEN/with+chars==' }),
    },
  });
  return {
    write: async (batch, budgetMs = 45_000, signal) => {
      using deadline = createDeadline(budgetMs, clock, signal);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    preview: async (batch) => await sink.preview(batch),
    log,
    variables,
    [Symbol.asyncDispose]: () => hub.close(),
  };
}

/** A text that matches; vitest's own matchers are typed as anything. */
export function textLike(pattern: RegExp | string): unknown {
  return expect.stringMatching(pattern);
}
