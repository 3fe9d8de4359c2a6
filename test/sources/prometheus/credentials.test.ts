/** Tests of who the source `prometheus` is to a target: tokens, certificates and signatures. */
import { createServer } from 'node:https';
import { describe, expect, it, vi } from 'vitest';
import { withAuthority } from '../../support/network/certificates.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { sigV4Fault } from '../../support/aws/verify-sigv4.ts';
import { prometheusPipeline, relayedOf, seriesOf } from './harness.ts';

const page = '# TYPE m gauge\nm 1\n';
const series = ['m{instance="i",job="relay"} 1'];

describe('who the collector is to a target', () => {
  it('is told by a bearer token, which is read anew when it is refused', async () => {
    const variables: Record<string, string> = { TOKEN: 'old' };
    await using server = await startLoopbackServer((_request, response, { headers }) => {
      const isRight = headers['authorization'] === 'Bearer new';
      // The rotation happens while the old token is on its way.
      variables['TOKEN'] = 'new';
      response.writeHead(isRight ? 200 : 401, { 'content-type': 'text/plain' }).end(page);
    });
    await using pipeline = await prometheusPipeline(
      { targets: [{ url: `${server.url}/metrics`, instance: 'i' }], auth: { bearer: { env: 'TOKEN' } } },
      [{ kind: 'stdout' }],
      { variables },
    );

    const collected = await pipeline.collect();

    expect(collected.sources).toMatchObject([{ status: 'complete', problems: [] }]);
    expect(seriesOf(relayedOf(collected))).toEqual(series);
    expect(server.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer old', 'Bearer new']);
  });

  it('is told by a client certificate, to a server that a private CA vouches for', async () => {
    await withAuthority(async (authority) => {
      const [server, client] = [await authority.server('IP:127.0.0.1'), await authority.client('collector')];
      await using target = await startLoopbackServer(
        (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/plain' }).end(page);
        },
        (listener) => createServer({ ...server, ca: authority.cert, requestCert: true }, listener),
        'https',
      );
      const targets = [{ url: `${target.url}/metrics`, instance: 'i' }];
      const variables = { CA: authority.cert, CERT: client.cert, KEY: client.key };
      const ca = { env: 'CA' };
      await using known = await prometheusPipeline(
        { targets, tls: { ca, cert: { env: 'CERT' }, key: { env: 'KEY' } } },
        [{ kind: 'stdout' }],
        { variables },
      );
      await using stranger = await prometheusPipeline({ targets, tls: { ca } }, [{ kind: 'stdout' }], { variables });

      const collected = await known.collect();
      const refused = await stranger.collect();

      expect(collected.sources).toMatchObject([{ problems: [] }]);
      expect(seriesOf(relayedOf(collected))).toEqual(series);
      expect(refused.sources[0]?.problems).toHaveLength(1);
      expect(seriesOf(relayedOf(refused))).toEqual([]);
      expect(target.requests).toHaveLength(1);
    });
  });

  it('is told by a signature with the role of the function', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret-of-the-test');
    vi.stubEnv('AWS_SESSION_TOKEN', 'session-of-the-test');
    await using server = await startLoopbackServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).end(page);
    });
    await using pipeline = await prometheusPipeline({
      targets: [{ url: `${server.url}/metrics?b=2&a=1`, instance: 'i' }],
      auth: { sigv4: { region: 'eu-west-1' } },
      sigv4Service: 'execute-api',
    });

    const collected = await pipeline.collect();
    vi.unstubAllEnvs();

    expect(seriesOf(relayedOf(collected))).toEqual(series);
    const [request] = server.requests;
    const received = request && { ...request, target: request.path };
    const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-the-test' };
    const scope = { region: 'eu-west-1', service: 'execute-api' };
    expect(received && sigV4Fault(received, key, scope)).toBeUndefined();
    expect(received && sigV4Fault(received, { ...key, secretAccessKey: 'other' }, scope)).toBe(
      'the signature does not match',
    );
    expect(request?.headers['x-amz-security-token']).toBe('session-of-the-test');
  });

  it('stays a problem of its own when a secret is missing, and nothing is sent', async () => {
    await using server = await startLoopbackServer((_request, response) => {
      response.end();
    });
    await using pipeline = await prometheusPipeline({
      targets: [{ url: `${server.url}/metrics` }],
      auth: { bearer: { env: 'NOT_SET' } },
    });

    const collected = await pipeline.collect();

    expect(collected.sources[0]?.problems).toMatchObject([{ kind: 'auth' }]);
    expect(server.requests).toEqual([]);
  });
});
