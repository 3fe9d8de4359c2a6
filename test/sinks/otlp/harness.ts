/** The sink as the wiring makes it, with the real HTTP client and the real secret cache. */
import { expect } from 'vitest';
import type { AwsCredentials } from '../../../lambda/http/auth/aws-credentials.ts';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { OtlpConfig } from '../../../lambda/sinks/otlp/config.ts';
import { createOtlp } from '../../../lambda/sinks/otlp/create.ts';
import type { Delivery, Parcel, Preview } from '../../../lambda/sinks/sink.ts';
import type { RecordingLog } from '../../support/recording-log.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSink extends AsyncDisposable {
  /** One run; the secrets are read as the pipeline reads them. */
  write(batch: Batch, budgetMs?: number, signal?: AbortSignal): Promise<Delivery>;
  /** Undefined for a sink of running totals. */
  redeliver(parcels: readonly Parcel[], budgetMs?: number): Promise<Delivery | undefined>;
  pack(batch: Batch): readonly Parcel[] | undefined;
  preview(batch: Batch): Promise<Preview>;
  readonly log: RecordingLog;
  /** What the secret references `{ env: … }` lead to; a test may change it between and during runs. */
  readonly variables: Record<string, string>;
}

export const knownKey = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

export function otlpSink(
  raw: Readonly<Record<string, unknown>>,
  nowMs?: () => number,
  credentials: AwsCredentials = { ...knownKey, sessionToken: 'TOKEN/with+chars==' },
): TestSink {
  const clock = nowMs ?? ((): number => Date.now());
  const variables: Record<string, string> = {};
  const { hub, cache, log, redactor } = createWired(variables, { clock });
  const sink = createOtlp(OtlpConfig.parse({ kind: 'otlp', ...raw }), {
    print: () => undefined,
    http: hub.port(),
    secrets: cache.secrets,
    clock,
    log,
    collector: 'ci',
    intervalMs: 60_000,
    aws: {
      region: 'eu-west-1',
      credentials: () => Promise.resolve(credentials),
    },
    redactor,
  });
  return {
    write: async (batch, budgetMs = 45_000, signal) => {
      using deadline = createDeadline(budgetMs, clock, signal);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    redeliver: async (parcels, budgetMs = 45_000) => {
      using deadline = createDeadline(budgetMs, clock);
      cache.startRun();
      return await sink.redeliver?.(parcels, { deadline });
    },
    pack: (batch) => sink.pack?.(batch),
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
