/** Tests what is said of the way to a server: its name, its certificate, and the proxy on the way. */
import { createServer, type Server, type ServerOptions } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHosts } from '../../../lambda/doctor/checks/check-hosts.ts';
import { parseProxyRules, type ProxySettings } from '../../../lambda/http/transport/proxy.ts';
import { dayMs } from '../../../lambda/model/time.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import { type Identity, withAuthority } from '../../support/network/certificates.ts';
import { startProxy } from '../../support/network/proxy-server.ts';
import { createWired } from '../../support/wired.ts';

let ca = '';
let port = 0;
/** Of a server that wants a client certificate, and says so in the handshake, as TLS 1.3 does not. */
let closedPort = 0;
let client: Identity = { cert: '', key: '' };
/** The names that callers have asked for in their handshakes. */
const askedNames: string[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  const identity = await withAuthority(async (authority) => {
    ca = authority.cert;
    client = await authority.client('collector');
    return await authority.server('DNS:localhost', 'DNS:ci.test', 'IP:fd00::ab');
  });
  port = await listen(identity);
  closedPort = await listen({ ...identity, ca, requestCert: true, maxVersion: 'TLSv1.2' });
});

async function listen(options: ServerOptions): Promise<number> {
  const noteName: ServerOptions['SNICallback'] = (name, answer) => {
    askedNames.push(name);
    answer(null);
  };
  const server = createServer({ ...options, SNICallback: noteName }, (_, response) => response.end());
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

afterAll(async () => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
});

interface Setting {
  readonly url: string;
  readonly isTrusted?: boolean;
  readonly proxy?: ProxySettings;
  readonly nowMs?: number;
}

async function check({ url, isTrusted = true, ...setting }: Setting) {
  return await checkSettings(
    {
      url,
      ...(isTrusted ? { tls: { ca: { env: 'CA' } } } : {}),
      labels: { docs: 'https://docs.test/' },
    },
    setting,
  );
}

async function checkSettings(
  settings: Readonly<Record<string, unknown>>,
  { proxy = {}, nowMs = Date.now() - 30 * dayMs }: Omit<Setting, 'url'> = {},
) {
  const { hub, cache } = createWired({ CA: ca, CERT: client.cert, KEY: client.key, NO_PEM: 'no PEM at all' });
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

describe('a server with TLS settings', () => {
  const closed = (): string => `https://localhost:${String(closedPort)}`;
  const trusted = { ca: { env: 'CA' } };

  it('that wants a client certificate is given the one of the settings', async () => {
    const tls = { ...trusted, cert: { env: 'CERT' }, key: { env: 'KEY' } };

    expect((await checkSettings({ url: closed(), tls })).at(-1)).toMatchObject([
      'TLS',
      `localhost:${String(closedPort)}`,
      'ok',
      expect.stringMatching(/^TLSv1\.2/),
    ]);
  });

  it('that wants a client certificate fails without one', async () => {
    expect((await checkSettings({ url: closed(), tls: trusted })).at(-1)?.[2]).toBe('failed');
  });

  it('fails where they are no PEM', async () => {
    const tls = { ...trusted, cert: { env: 'NO_PEM' }, key: { env: 'KEY' } };

    expect((await checkSettings({ url: closed(), tls })).at(-1)).toMatchObject([
      'TLS',
      `localhost:${String(closedPort)}`,
      'failed',
      expect.stringContaining('is not usable PEM'),
    ]);
  });

  it('is asked with the settings that stand nearest to its address', async () => {
    const at = `127.0.0.1:${String(port)}`;
    const url = `https://${at}`;
    const ca64 = Buffer.from(ca).toString('base64');

    const found = await checkSettings({
      cluster: { eks: { endpoint: url, certificateAuthority: ca64, serverName: 'ci.test' } },
      results: { url, ca: { env: 'CA' }, serverName: 'other.test' },
    });

    expect(found.map(([subject, where, verdict]) => [subject, where, verdict])).toEqual([
      ['TLS', at, 'ok'],
      ['TLS', at, 'failed'],
    ]);
    expect(found[1]?.[3]).toContain('for another host name');
  });

  it.each([
    ['the token service of Google', (url: string) => ({ auth: { federation: { tokenUrl: url } } })],
    ['the API of EKS', (url: string) => ({ cluster: { describeUrl: url } })],
  ])('does not lend them to %s', async (_, settings) => {
    const found = await checkSettings({ ...settings(`https://localhost:${String(port)}`), tls: trusted });

    expect(found.at(-1)?.[3]).toMatch(/not signed by a CA that is known here|self/);
  });
});

describe('behind a proxy, a server', () => {
  it('that is named by its address is judged by that address, and is sent no name', async () => {
    await using proxy = await startProxy();
    const https = `http://127.0.0.1:${String(proxy.port)}`;
    askedNames.length = 0;

    const wrong = await check({ url: `https://192.0.2.1:${String(port)}`, proxy: { https } });
    const right = await check({ url: `https://[fd00::ab]:${String(port)}`, proxy: { https } });

    expect(wrong.at(-1)).toMatchObject(['TLS', expect.anything(), 'failed', expect.stringContaining('host name')]);
    expect(right.at(-1)).toMatchObject(['TLS', `[fd00::ab]:${String(port)}`, 'ok', expect.anything()]);
    expect(askedNames).toEqual([]);
  });

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
