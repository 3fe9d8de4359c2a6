/** Tests of who the sink `remote-write` is to a receiver: passwords, tokens, headers, certificates and signatures. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { canaries, expectNoCanary } from '../../support/canary.ts';
import { type FakeReceiver, startRemoteWriteFake } from '../../support/backends/remote-write-fake.ts';
import { sigV4Fault } from '../../support/aws/verify-sigv4.ts';
import { batchOf, queues } from './batches.ts';
import { knownKey, remoteWriteSink } from './harness.ts';

function headersAt({ requests }: FakeReceiver, index = 0): Readonly<Record<string, string>> {
  return requests[index]?.headers ?? {};
}

describe('who the collector is to a receiver', () => {
  it('is told by user and password', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({
      url: receiver.url,
      auth: { basic: { username: '12345', password: { env: 'TOKEN' } } },
    });
    sink.variables['TOKEN'] = canaries.token;

    await sink.write(batchOf([queues(1)]));

    const expected = Buffer.from(`12345:${canaries.token}`).toString('base64');
    expect(headersAt(receiver)['authorization']).toBe(`Basic ${expected}`);
  });

  it('is told by a bearer token', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, auth: { bearer: { env: 'TOKEN' } } });
    sink.variables['TOKEN'] = `${canaries.token}\n`;

    await sink.write(batchOf([queues(1)]));

    expect(headersAt(receiver)['authorization']).toBe(`Bearer ${canaries.token}`);
  });

  it('is told by tenant and own headers, plain and secret, on every request', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({
      url: receiver.url,
      tenant: 'team-a',
      headers: { 'X-Env': 'prod', 'THANOS-TENANT': 'team-b', 'X-Api-Key': { env: 'KEY' } },
    });
    sink.variables['KEY'] = `${canaries.token}\n`;

    await sink.write(batchOf([queues(1)]));

    expect(receiver.requests).toHaveLength(2);
    for (const { headers } of receiver.requests) {
      expect(headers).toMatchObject({
        'x-scope-orgid': 'team-a',
        'x-env': 'prod',
        'thanos-tenant': 'team-b',
        'x-api-key': canaries.token,
      });
    }
  });

  it.each([
    ['a token', { auth: { bearer: { env: 'TOKEN' } } }, 'authorization', 'Bearer new'],
    ['a header', { headers: { 'X-Api-Key': { env: 'TOKEN' } } }, 'x-api-key', 'new'],
  ])('follows the rotation of %s within the run', async (_, settings, header, accepted) => {
    await using receiver = await startRemoteWriteFake({
      answer: ({ headers }) => (headers[header] === accepted ? undefined : { status: 401 }),
    });
    await using sink = remoteWriteSink({ url: receiver.url, seriesPerRequest: 1, ...settings });
    sink.variables['TOKEN'] = 'old';
    const before = await sink.write(batchOf([queues(1)]));
    sink.variables['TOKEN'] = 'new';

    const delivery = await sink.write(batchOf([queues(9)]));

    expect(before).toMatchObject({ accepted: 0, problems: [{ kind: 'auth' }] });
    expect(delivery).toMatchObject({ accepted: 9, problems: [] });
  });

  it('is told by a client certificate, to a server that a private CA vouches for', async () => {
    await using folder = await certificates();
    const { server, client } = folder;
    await using receiver = await startRemoteWriteFake({ tls: { ...server, ca: client.cert } });
    const tls = { ca: { env: 'CA' }, cert: { env: 'CERT' }, key: { env: 'KEY' } };
    await using sink = remoteWriteSink({ url: receiver.url, tls });
    await using stranger = remoteWriteSink({ url: receiver.url, tls: { ca: { env: 'CA' } } });
    Object.assign(sink.variables, { CA: server.cert, CERT: client.cert, KEY: client.key });
    stranger.variables['CA'] = server.cert;

    const delivery = await sink.write(batchOf([queues(2)]));
    const refused = await stranger.write(batchOf([queues(2)]));

    expect(delivery).toMatchObject({ accepted: 2, problems: [] });
    expect(refused.accepted).toBe(0);
    expect(refused.problems).toHaveLength(1);
    expect(receiver.requests).toHaveLength(delivery.requests);
  });

  it('is a problem of its own when the secret is missing', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, auth: { bearer: { env: 'TOKEN' } } });

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(receiver.requests).toEqual([]);
    expect(delivery).toMatchObject({ accepted: 0, problems: [{ kind: 'auth' }] });
    expect(delivery.problems[0]?.message).toContain('TOKEN');
  });

  it('never shows in a problem or a log line', async () => {
    await using receiver = await startRemoteWriteFake({ answer: () => ({ status: 403 }) });
    await using sink = remoteWriteSink({
      url: receiver.url,
      auth: { basic: { username: 'ci', password: { env: 'TOKEN' } } },
      headers: { 'X-Api-Key': { env: 'KEY' } },
    });
    sink.variables['TOKEN'] = canaries.token;
    sink.variables['KEY'] = canaries.short;

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(delivery.problems).toHaveLength(1);
    expectNoCanary([delivery, sink.log.lines]);
  });
});

describe('requests to Amazon Managed Service for Prometheus', () => {
  const scope = { region: 'eu-west-1', service: 'aps' };
  const auth = { sigv4: { region: 'eu-west-1' } };

  it('carry a valid signature over all headers, a custom one and the tenant included', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, auth, tenant: 't', headers: { 'X-Env': 'a  b' } });

    const delivery = await sink.write(batchOf([queues(3)]));

    expect(delivery).toMatchObject({ accepted: 3, problems: [] });
    expect(receiver.requests.map((request) => sigV4Fault(request, knownKey, scope))).toEqual([undefined, undefined]);
    expect(headersAt(receiver)['authorization']).toMatch(
      /SignedHeaders=[^,]*x-amz-security-token;x-env;x-prometheus-remote-write-version;x-scope-orgid/,
    );
  });

  it('are signed anew for each attempt', async () => {
    await using receiver = await startRemoteWriteFake({
      answer: (_, index) => (index === 0 ? { status: 500 } : undefined),
    });
    await using sink = remoteWriteSink({ url: receiver.url, auth });

    await sink.write(batchOf([queues(1)]));

    const [first, second] = receiver.requests;
    expect(second?.headers['retry-attempt']).toBe('1');
    expect(second?.headers['authorization']).toContain('retry-attempt');
    for (const request of [first, second]) {
      expect(request && sigV4Fault(request, knownKey, scope)).toBeUndefined();
    }
  });

  it('would be refused with another secret: the check of these tests can fail', async () => {
    await using receiver = await startRemoteWriteFake();
    await using sink = remoteWriteSink({ url: receiver.url, auth });

    await sink.write(batchOf([queues(1)]));

    const [request] = receiver.requests;
    expect(request && sigV4Fault(request, { ...knownKey, secretAccessKey: 'other' }, scope)).toBe(
      'the signature does not match',
    );
  });
});

interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** Two fresh self-signed certificates, made by OpenSSL in a folder that is removed again. */
async function certificates(): Promise<{ readonly server: KeyPair; readonly client: KeyPair } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  const make = async (name: string): Promise<KeyPair> => {
    const key = join(folder, `${name}.key`);
    const cert = join(folder, `${name}.crt`);
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
    await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert]);
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  };
  const [server, client] = await Promise.all([make('server'), make('client')]);
  return { server, client, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
