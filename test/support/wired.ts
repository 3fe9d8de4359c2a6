/** What the wiring gives to a source or a sink, with the real HTTP client and the real secret cache. */
import { createHttpHub, type HttpHub, type HttpHubOptions } from '../../lambda/http/hub.ts';
import { minuteMs } from '../../lambda/model/time.ts';
import type { Clock } from '../../lambda/runtime/clock.ts';
import { createSecrets, type SecretCache } from '../../lambda/secrets/create-secrets.ts';
import { createRedactor, type Redactor } from '../../lambda/secrets/redaction/redactor.ts';
import { createEnvironmentStore } from '../../lambda/secrets/stores/environment.ts';
import { recordingLog, type RecordingLog } from './recording-log.ts';

export interface Wired {
  readonly hub: HttpHub;
  readonly cache: SecretCache;
  readonly log: RecordingLog;
  readonly redactor: Redactor;
}

export interface WiredOptions extends Partial<Pick<HttpHubOptions, 'clock' | 'timeouts' | 'maxResponseBytes'>> {
  /** Of the secrets, where it is not that of the requests. */
  readonly secretsClock?: Clock;
  /** How long a secret that was read is used. Milliseconds. */
  readonly cacheMs?: number;
}

/**
 * Servers on loopback may be asked, and retries come at once.
 * @param variables What the secret references `{ env: … }` lead to; a test may change it between and during runs.
 */
export function createWired(
  variables: Readonly<Record<string, string>>,
  { clock = Date.now, secretsClock = clock, cacheMs = minuteMs, ...limits }: WiredOptions = {},
): Wired {
  const log = recordingLog();
  const redactor = createRedactor();
  const hub = createHttpHub({ clock, random: () => 0, firstWaitMs: 0, log, loopback: 'allow', redactor, ...limits });
  const unused = { read: () => Promise.reject(new Error('not part of this test')) };
  const stores = { secret: unused, parameter: unused, env: createEnvironmentStore(variables), file: unused };
  const cache = createSecrets({ stores, clock: secretsClock, cacheMs, redactor, log });
  return { hub, cache, log, redactor };
}
