/** Tests what is said of the way to a server: its name, its certificate, and the proxy on the way. */
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHosts } from '../../../lambda/doctor/checks/check-hosts.ts';
import { parseProxyRules, type ProxySettings } from '../../../lambda/http/transport/proxy.ts';
import { dayMs } from '../../../lambda/model/time.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startProxy } from '../../support/network/proxy-server.ts';
import { createWired } from '../../support/wired.ts';

let ca = '';
let port = 0;
let close: () => Promise<void>;

beforeAll(async () => {
  const identity = await withAuthority(async (authority) => {
    ca = authority.cert;
    return await authority.server('DNS:localhost', 'DNS:ci.test');
  });
  const server = createServer(identity, (_, response) => response.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
});

afterAll(async () => {
  await close();
});

interface Setting {
  readonly url: string;
  readonly isTrusted?: boolean;
  readonly proxy?: ProxySettings;
  readonly nowMs?: number;
}

async function check({ url, isTrusted = true, proxy = {}, nowMs = Date.now() - 30 * dayMs }: Setting) {
  const { hub, cache } = createWired({ CA: ca });
  const settings = {
    url,
    ...(isTrusted ? { tls: { ca: { env: 'CA' } } } : {}),
    labels: { docs: 'https://docs.test/' },
  };
  const found = await checkHosts(
    [{ id: 'otlp/a', settings, secrets: [] }],
    {
      sources: [],
      sinks: [],
      secrets: cache.secrets,
      aws: noAws,
      http: hub.port(),
      proxyFor: parseProxyRules(proxy),
      loopback: 'allow',
      readSinkClocks: () => [],
    },
    { signal: new AbortController().signal, nowMs },
  );
  await hub.close();
  return found.map(({ subject, where, verdict, message }) => [subject, where, verdict, message]);
}

describe('a server', () => {
  it('is looked up and shown with its certificate', async () => {
    const where = `localhost:${String(port)}`;

    const found = await check({ url: `https://${where}/v1` });

    expect(found).toEqual([
      ['DNS', where, 'ok', expect.stringMatching(/^is (127\.0\.0\.1|::1)/)],
      ['TLS', where, 'ok', expect.stringMatching(/^TLSv1\.3, signed by test CA, ends in 3[12] days$/)],
    ]);
  });

  it('is warned of when its certificate ends soon', async () => {
    const found = await check({ url: `https://localhost:${String(port)}`, nowMs: Date.now() });

    expect(found[1]).toMatchObject(['TLS', `localhost:${String(port)}`, 'warning', expect.stringContaining('1 days')]);
  });

  it.each([
    ['whose CA is not known', { host: 'localhost', isTrusted: false }, /not signed by a CA that is known here|self/],
    ['with a certificate for another name', { host: '127.0.0.1', isTrusted: true }, /for another host name/],
  ])('fails %s', async (_, { host, isTrusted }, message) => {
    const found = await check({ url: `https://${host}:${String(port)}`, isTrusted });

    expect(found.at(-1)).toMatchObject(['TLS', `${host}:${String(port)}`, 'failed', expect.stringMatching(message)]);
  });

  it('that nothing listens for fails', async () => {
    expect(await check({ url: 'https://127.0.0.1:1' })).toMatchObject([
      ['TLS', '127.0.0.1:1', 'failed', 'nothing listens at this address'],
    ]);
  });

  it('at the address of cloud metadata fails', async () => {
    expect(await check({ url: 'http://169.254.169.254/x' })).toMatchObject([
      ['DNS', '169.254.169.254', 'failed', expect.stringContaining('metadata')],
    ]);
  });

  it('without TLS has no certificate to look at', async () => {
    expect(await check({ url: 'http://localhost:1' })).toMatchObject([['DNS', 'localhost:1', 'ok', expect.anything()]]);
  });
});

describe('behind a proxy, a server', () => {
  it('is shaken hands with through it, and its password is not shown', async () => {
    await using proxy = await startProxy();
    const https = `http://user:canary-7d1@127.0.0.1:${String(proxy.port)}`;

    const found = await check({ url: `https://ci.test:${String(port)}`, proxy: { https } });

    expect(proxy.seen).toEqual([`CONNECT ci.test:${String(port)}`]);
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:canary-7d1').toString('base64')}`]);
    expect(found).toMatchObject([
      ['proxy', `ci.test:${String(port)}`, 'ok', `is asked through 127.0.0.1:${String(proxy.port)}`],
      ['TLS', `ci.test:${String(port)}`, 'ok', expect.stringContaining('test CA')],
    ]);
    expect(JSON.stringify(found)).not.toContain('canary');
  });

  it('fails where the proxy refuses', async () => {
    await using proxy = await startProxy({ refuseWith: 407 });

    const found = await check({
      url: `https://ci.test:${String(port)}`,
      proxy: { https: `http://127.0.0.1:${String(proxy.port)}` },
    });

    expect(found.at(-1)).toMatchObject([
      'TLS',
      `ci.test:${String(port)}`,
      'failed',
      expect.stringContaining('the proxy refused the credentials'),
    ]);
  });
});
