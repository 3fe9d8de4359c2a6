/** The sink as the wiring makes it, with the real HTTP client and the real secret cache, and a Google Cloud on loopback. */
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { GoogleCloudMonitoringConfig } from '../../../lambda/sinks/google-cloud-monitoring/config.ts';
import { createGoogleCloudMonitoring } from '../../../lambda/sinks/google-cloud-monitoring/create.ts';
import type { Delivery, Preview } from '../../../lambda/sinks/sink.ts';
import {
  type GoogleFake,
  type GoogleFakeOptions,
  project,
  provider,
  startGoogleFake,
} from '../../support/backends/google-fake.ts';
import { callerKey } from '../../support/aws/sts-fake.ts';
import { createWired } from '../../support/wired.ts';

export interface TestSink extends AsyncDisposable {
  readonly google: GoogleFake;
  readonly write: (batch: Batch, budgetMs?: number) => Promise<Delivery>;
  readonly preview: (batch: Batch) => Promise<Preview>;
}

export async function googleSink(
  raw: Readonly<Record<string, unknown>> = {},
  options: Partial<GoogleFakeOptions> = {},
): Promise<TestSink> {
  const google = await startGoogleFake({ clock: Date.now, ...options });
  const { hub, cache, log, redactor } = createWired({});
  const config = GoogleCloudMonitoringConfig.parse({
    kind: 'google-cloud-monitoring',
    project,
    url: google.url,
    auth: { federation: { provider, tokenUrl: `${google.url}/v1/token` } },
    ...raw,
  });
  const sink = createGoogleCloudMonitoring(config, {
    print: () => undefined,
    http: hub.port(),
    secrets: cache.secrets,
    clock: Date.now,
    log,
    collector: 'ci',
    intervalMs: 60_000,
    aws: { region: 'eu-west-1', credentials: () => Promise.resolve(callerKey) },
    redactor,
  });
  return {
    google,
    write: async (batch, budgetMs = 45_000) => {
      using deadline = createDeadline(budgetMs, Date.now);
      cache.startRun();
      return await sink.write(batch, { deadline });
    },
    preview: async (batch) => await sink.preview(batch),
    [Symbol.asyncDispose]: async () => {
      await google.close();
      await hub.close();
    },
  };
}
