/** Tests of the credentials that a receiver gets, and that no other server gets them. */
import { describe, expect, it } from 'vitest';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startOtlpFake } from '../../support/backends/otlp-fake.ts';
import { sigV4Fault } from '../../support/aws/verify-sigv4.ts';
import { batchOf, counterOf, queues } from '../remote-write/batches.ts';
import { knownKey, otlpSink } from './harness.ts';

describe('a receiver', () => {
  it.each([
    [
      'user and password',
      { auth: { basic: { username: '12345', password: { env: 'TOKEN' } } } },
      'authorization',
      `Basic ${Buffer.from(`12345:${canaries.token}`).toString('base64')}`,
    ],
    ['a bearer token', { auth: { bearer: { env: 'TOKEN' } } }, 'authorization', `Bearer ${canaries.token}`],
    ['a header of its own', { headers: { 'X-Scope-OrgID': { env: 'TOKEN' } } }, 'x-scope-orgid', canaries.token],
    ['the key of New Relic', { preset: 'new-relic', apiKey: { env: 'TOKEN' } }, 'api-key', canaries.token],
    ['the key of Datadog', { preset: 'datadog', apiKey: { env: 'TOKEN' } }, 'dd-api-key', canaries.token],
  ])('is told %s', async (_, settings, header, expected) => {
    await using receiver = await startOtlpFake();
    await using sink = otlpSink({ url: receiver.url, ...settings });
    sink.variables['TOKEN'] = canaries.token;

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(receiver.requests[0]?.headers[header]).toBe(expected);
    expectNoCanary([delivery, sink.log.lines]);
  });

  it.each([
    ['a token', { auth: { bearer: { env: 'TOKEN' } } }, 'authorization', 'Bearer new'],
    ['a header', { headers: { 'X-Api-Key': { env: 'TOKEN' } } }, 'x-api-key', 'new'],
    ['a key', { preset: 'new-relic', apiKey: { env: 'TOKEN' } }, 'api-key', 'new'],
  ])('that wants the rotated value of %s gets it within the run', async (_, settings, header, accepted) => {
    await using receiver = await startOtlpFake({
      answer: ({ headers }) => (headers[header] === accepted ? undefined : { status: 401 }),
    });
    await using sink = otlpSink({ url: receiver.url, pointsPerRequest: 1, ...settings });
    sink.variables['TOKEN'] = 'old';
    const before = await sink.write(batchOf([queues(1)]));
    sink.variables['TOKEN'] = 'new';

    const delivery = await sink.write(batchOf([queues(9)], { collectedAtMs: Date.now() + 1000 }));

    expect(before).toMatchObject({ accepted: 0, problems: [{ kind: 'auth' }] });
    expect(delivery).toMatchObject({ accepted: 9, problems: [] });
  });

  it('that a private CA vouches for is told a client certificate', async () => {
    const { server, client } = await withAuthority(async (authority) => ({
      server: { ...(await authority.server('IP:127.0.0.1')), ca: authority.cert },
      client: { ...(await authority.client('ci')), ca: authority.cert },
    }));
    await using receiver = await startOtlpFake({ tls: server });
    const tls = { ca: { env: 'CA' }, cert: { env: 'CERT' }, key: { env: 'KEY' } };
    await using sink = otlpSink({ url: receiver.url, tls });
    await using stranger = otlpSink({ url: receiver.url, tls: { ca: { env: 'CA' } } });
    Object.assign(sink.variables, { CA: client.ca, CERT: client.cert, KEY: client.key });
    stranger.variables['CA'] = client.ca;

    const delivery = await sink.write(batchOf([queues(2)]));
    const refused = await stranger.write(batchOf([queues(2)]));

    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    expect(refused).toMatchObject({ accepted: 0, problems: [{}] });
    expect(receiver.requests).toHaveLength(1);
  });

  it.each([
    { says: `key ${canaries.token} is unknown`, status: 403 },
    { says: `key ${canaries.token} is unknown`, status: 400 },
  ])('that repeats a secret in its refusal $status does not make it public', async (answer) => {
    await using receiver = await startOtlpFake({ answer: () => answer });
    await using sink = otlpSink({ url: receiver.url, auth: { bearer: { env: 'TOKEN' } } });
    sink.variables['TOKEN'] = canaries.token;

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(delivery.problems).toHaveLength(1);
    expectNoCanary([delivery, sink.log.lines]);
  });

  it('that repeats a secret beside a success does not make it public either', async () => {
    const partial = { rejected: 1, message: `${'x'.repeat(1015)} ${canaries.token}` };
    await using receiver = await startOtlpFake({ answer: () => ({ status: 200, partial }) });
    await using sink = otlpSink({ url: receiver.url, auth: { bearer: { env: 'TOKEN' } } });
    sink.variables['TOKEN'] = canaries.token;

    const delivery = await sink.write(batchOf([queues(2)]));

    expect(delivery.problems).toHaveLength(1);
    expectNoCanary([delivery, sink.log.lines], { token: canaries.token, start: canaries.token.slice(0, 8) });
  });
});

describe('CloudWatch', () => {
  it('gets valid signatures for its own service, anew with each attempt', async () => {
    await using receiver = await startOtlpFake({ answer: (_, index) => (index === 0 ? { status: 503 } : undefined) });
    const auth = { sigv4: { region: 'eu-west-1' } };
    await using sink = otlpSink({ url: receiver.url, preset: 'cloudwatch', auth, headers: { 'X-Env': 'a  b' } });

    const delivery = await sink.write(batchOf([queues(3)]));

    expect(delivery).toMatchObject({ accepted: 3, problems: [] });
    const scope = { region: 'eu-west-1', service: 'monitoring' };
    expect(receiver.requests.map((request) => sigV4Fault(request, knownKey, scope))).toEqual([undefined, undefined]);
  });

  it('gets 1,000 points a request at most, and none with more attributes than it takes', async () => {
    await using receiver = await startOtlpFake({ maxPoints: 1000, maxBytes: 1_000_000, maxAttributes: 150 });
    const auth = { sigv4: { region: 'eu-west-1' } };
    await using sink = otlpSink({ url: receiver.url, preset: 'cloudwatch', auth });
    const labels = Object.fromEntries(Array.from({ length: 151 }, (_, index) => [`l${String(index)}`, 'x']));
    const wide = counterOf('ci_wide_total', [{ labels, increase: 1, total: { value: 1, startMs: 1 } }]);

    const delivery = await sink.write(batchOf([queues(2500), wide]));

    expect(receiver.requests.map(({ series }) => series.length)).toEqual([1000, 1000, 500]);
    expect(delivery).toMatchObject({ accepted: 2500, problems: [{ kind: 'rejected' }] });
    expect(delivery.problems[0]?.message).toContain('left out ci_wide_total (1 point): more attributes');
  });
});
