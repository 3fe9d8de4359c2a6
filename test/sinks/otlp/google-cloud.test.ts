/** Tests of the Telemetry API of Google Cloud, with each kind of credential that it takes. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Span } from '../../../lambda/model/span.ts';
import { otlp } from '../../../lambda/sinks/otlp/index.ts';
import { OtlpConfig } from '../../../lambda/sinks/otlp/config.ts';
import { resolveTarget } from '../../../lambda/sinks/otlp/receiver/target.ts';
import { expectNoCanary } from '../../support/canary.ts';
import {
  type GoogleFake,
  project,
  provider,
  serviceAccount,
  startGoogleFake,
} from '../../support/backends/google-fake.ts';
import { startGoogleTelemetryFake } from '../../support/backends/google-telemetry-fake.ts';
import { type OtlpFake, startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { callerKey } from '../../support/aws/sts-fake.ts';
import { batchOf, partOf, queues } from '../remote-write/batches.ts';
import { otlpSink, type TestSink } from './harness.ts';

const metricsScope = 'https://www.googleapis.com/auth/monitoring.write';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const resource = { 'gcp.project_id': project, 'cloud.region': 'europe-west1' };
const federation = { provider };

const finished: Span = {
  is: 'run',
  run: 'build-1',
  pipeline: 'web',
  scope: 'acme',
  result: 'success',
  attempt: 'first',
  startMs: Date.UTC(2026, 5, 1, 12),
  endMs: Date.UTC(2026, 5, 1, 13),
};

function keyFile(tokenUrl: string): string {
  const key = { client_email: serviceAccount, private_key_id: 'key-1', private_key: privateKey };
  return JSON.stringify({ ...key, token_uri: tokenUrl });
}

interface Started extends AsyncDisposable {
  readonly google: GoogleFake;
  readonly receiver: OtlpFake;
  readonly sink: TestSink;
}

async function start(auth: (url: string) => unknown, settings: Readonly<Record<string, unknown>> = {}) {
  const google = await startGoogleFake({ clock: Date.now, publicKey: keys.publicKey });
  const receiver = await startGoogleTelemetryFake(google);
  const sink = otlpSink(
    { preset: 'google-cloud', url: receiver.url, auth: { google: auth(google.url) }, resource, ...settings },
    undefined,
    callerKey,
  );
  sink.variables['KEY'] = keyFile(`${google.url}/token`);
  const started: Started = {
    google,
    receiver,
    sink,
    [Symbol.asyncDispose]: async () => {
      await sink[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
      await google.close();
    },
  };
  return started;
}

const federated = (url: string): unknown => ({ federation: { ...federation, tokenUrl: `${url}/v1/token` } });

describe('Google Cloud', () => {
  it.each([
    ['the role of the function', federated],
    [
      'a service account that the role acts as',
      (url: string) => ({
        federation: { ...federation, serviceAccount, tokenUrl: `${url}/v1/token`, impersonationUrl: url },
      }),
    ],
    ['the key of a service account', () => ({ serviceAccountKey: { env: 'KEY' } })],
  ])('stores what %s sends, 200 points a request at most', async (_, auth) => {
    await using started = await start(auth);
    const { receiver, sink, google } = started;

    const delivery = await sink.write(batchOf([queues(450)]));

    expect(delivery).toMatchObject({ accepted: 450, problems: [] });
    expect(receiver.requests.map(({ series }) => series.length)).toEqual([200, 200, 50]);
    expect(receiver.faults).toEqual([]);
    expect(google.asked(/token/i)).toBeLessThanOrEqual(2);
  });

  it('takes a token that somebody else made, and learns the rotated one within the run', async () => {
    await using started = await start(() => ({ bearer: { env: 'TOKEN' } }));
    const { receiver, sink, google } = started;
    sink.variables['TOKEN'] = google.issueToken(metricsScope);
    const before = await sink.write(batchOf([queues(1)]));
    google.revokeTokens();
    const next = google.issueToken(metricsScope);
    sink.variables['TOKEN'] = next;

    const after = await sink.write(batchOf([queues(1)], { collectedAtMs: Date.now() + 1000 }));

    expect([before.accepted, after.accepted, after.problems]).toEqual([1, 1, []]);
    expect(receiver.requests.at(-1)?.headers['authorization']).toBe(`Bearer ${next}`);
  });

  it('gets another token once where it refuses the one that was kept', async () => {
    await using started = await start(federated);
    const { receiver, sink, google } = started;
    await sink.write(batchOf([queues(1)]));
    google.revokeTokens();

    const delivery = await sink.write(batchOf([queues(1)], { collectedAtMs: Date.now() + 1000 }));

    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
    expect(receiver.requests).toHaveLength(3);
    expect(google.asked(/^\/v1\/token$/)).toBe(2);
  });

  it('that lets nobody in is a problem of the kind auth, without any token in it', async () => {
    await using started = await start(() => ({ bearer: { env: 'TOKEN' } }));
    const { sink, receiver } = started;
    sink.variables['TOKEN'] = 'ya29.unknown-token';

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'auth' }] });
    expect(receiver.requests).toHaveLength(1);
    expectNoCanary([delivery, sink.log.lines], { token: 'ya29.unknown-token' });
  });

  it('that repeats a token, or the key that it was asked for with, makes neither public', async () => {
    await using google = await startGoogleFake({ clock: Date.now, publicKey: keys.publicKey });
    await using receiver = await startOtlpFake({
      answer: ({ headers }) => ({ status: 403, says: `${headers['authorization'] ?? 'nobody'} by ${privateKey}` }),
    });
    const auth = { google: { serviceAccountKey: { env: 'KEY' } } };
    await using sink = otlpSink({ preset: 'google-cloud', url: receiver.url, auth, resource });
    sink.variables['KEY'] = keyFile(`${google.url}/token`);

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(delivery.problems).toMatchObject([{ kind: 'auth' }]);
    expectNoCanary([delivery, sink.log.lines], { token: 'ya29.key-token-1', key: privateKey });
  });

  it('takes traces with a token of their own', async () => {
    await using started = await start(federated, { traces: 'finished-runs' });
    const { sink, receiver } = started;

    const delivery = await sink.write(
      batchOf([], { sources: [partOf([queues(1)], { system: 'buildkite', source: 'main', spans: [finished] })] }),
    );

    expect(delivery.problems).toEqual([]);
    expect(receiver.traces).toHaveLength(1);
    expect(receiver.traces[0]?.headers['authorization']).not.toBe(receiver.requests[0]?.headers['authorization']);
  });

  it('uses the quota of the project, or of the one that the operator names', async () => {
    await using started = await start(federated, { headers: { 'X-Goog-User-Project': 'acme-billing' } });
    const { sink, receiver } = started;

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(receiver.requests[0]?.headers['x-goog-user-project']).toBe('acme-billing');
    expect(delivery.problems).toMatchObject([{ kind: 'auth' }]);
  });
});

describe('the preset', () => {
  const minimal = { kind: 'otlp', preset: 'google-cloud', auth: { google: { federation } }, resource };

  it('knows where Google Cloud is', () => {
    const target = resolveTarget(OtlpConfig.parse(minimal));

    expect([target.url.href, target.tracesUrl.href, target.temporality, target.limits.points]).toEqual([
      'https://telemetry.googleapis.com/v1/metrics',
      'https://telemetry.googleapis.com/v1/traces',
      'cumulative',
      200,
    ]);
  });

  it.each([
    ['nobody', { auth: undefined }, 'takes its own tokens only'],
    ['another kind of token', { auth: { bearer: { secret: 'a' } } }, 'takes its own tokens only'],
    ['no project', { resource: { location: 'europe-west1' } }, 'gcp.project_id'],
    ['no place', { resource: { 'gcp.project_id': project } }, 'rejects points without a place'],
    ['increases', { temporality: 'delta' }, 'running totals only'],
    ['a receiver of somebody else', { preset: undefined, url: 'https://example.com' }, 'set preset: google-cloud'],
    ['the preset of another receiver', { preset: 'collector' }, 'set preset: google-cloud'],
  ])('refuses %s', (_, settings, reason) => {
    expect(() => otlp.prepare({ ...minimal, ...settings })).toThrow(reason);
    expect(() => otlp.prepare({ ...minimal, ...settings })).toThrow(z.ZodError);
  });

  it.each([['location'], ['cloud.availability_zone'], ['cloud.region']])('takes the place from %s', (name) => {
    expect(() =>
      otlp.prepare({ ...minimal, resource: { 'gcp.project_id': project, [name]: 'europe-west1' } }),
    ).not.toThrow();
  });

  it('names the secrets that are read, and no right in AWS, not even for the federation', () => {
    const keyed = otlp.prepare({ ...minimal, auth: { google: { serviceAccountKey: { secret: 'a', key: 'b' } } } });
    const keyless = otlp.prepare(minimal);

    expect(keyed.secrets).toEqual([{ secret: 'a', key: 'b' }]);
    expect([keyless.secrets, keyless.grants([])]).toEqual([[], []]);
  });
});
