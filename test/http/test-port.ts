/** An HTTP port for tests that goes over the real network code and does not wait between retries. */
import { expect } from 'vitest';
import { createHttpHub, type HttpHub, type HttpHubOptions } from '../../lambda/http/hub.ts';
import type { HttpPort, HttpRequest } from '../../lambda/http/port.ts';
import { recordingLog, type RecordingLog } from '../support/recording-log.ts';

export interface TestPort extends AsyncDisposable {
  readonly hub: HttpHub;
  readonly port: HttpPort;
  readonly log: RecordingLog;
}

/** A real port on the machine's clock whose retries do not wait, because its jitter is 0. */
export function testPort(options: Partial<HttpHubOptions> = {}): TestPort {
  const log = recordingLog();
  const hub = createHttpHub({ clock: Date.now, random: () => 0, firstWaitMs: 0, log, loopback: 'allow', ...options });
  return { hub, port: hub.port(), log, [Symbol.asyncDispose]: () => hub.close() };
}

export function get(url: string, extra: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    url: new URL(url),
    headers: {},
    signal: new AbortController().signal,
    remainingMs: () => 60_000,
    ...extra,
  };
}

/** What a promise was rejected with; a promise that resolves fails the test. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

/** vitest's own matchers are `any`, which hides mistakes in the object around them. */
export const anyNumber: unknown = expect.any(Number);

export function containing(text: string): unknown {
  return expect.stringContaining(text);
}

export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
