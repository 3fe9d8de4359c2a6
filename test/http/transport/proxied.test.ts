/** Tests of requests through a real forward proxy: tunnels, credentials and failures. */
import { createServer } from 'node:https';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { withAuthority } from '../../support/network/certificates.ts';
import { startLoopbackServer, type LoopbackServer, type Respond } from '../../support/network/loopback-server.ts';
import { startProxy } from '../../support/network/proxy-server.ts';
import { errorOf, get, testPort } from '../test-port.ts';

const fine: Respond = (_request, response) => {
  response.end('fine');
};

interface TlsServer extends AsyncDisposable {
  readonly server: LoopbackServer;
  readonly ca: string;
}

/** A server for `ci.test`, a name that only the proxy can resolve. */
async function startCiTest(): Promise<TlsServer> {
  return withAuthority(async (authority) => {
    const identity = await authority.server('DNS:ci.test');
    const server = await startLoopbackServer(fine, (listener) => createServer(identity, listener), 'https');
    return { server, ca: authority.cert, [Symbol.asyncDispose]: server.close };
  });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

describe('a proxy', () => {
  it('carries an http request in absolute form', async () => {
    await using server = await startLoopbackServer(fine);
    await using proxy = await startProxy();
    await using http = testPort({ proxy: { http: `http://127.0.0.1:${String(proxy.port)}` } });
    const url = `http://ci.test:${String(server.port)}/metrics?x=1`;

    const response = await http.port.send(get(url, { headers: { authorization: 'Token t' } }));

    expect(text(response.body)).toBe('fine');
    expect(proxy.seen).toEqual([`GET ${url}`]);
    expect(server.requests[0]?.headers).toMatchObject({
      host: `ci.test:${String(server.port)}`,
      authorization: 'Token t',
    });
  });

  it('carries https through a tunnel: it sees a host and nothing more', async () => {
    await using ci = await startCiTest();
    const { server, ca } = ci;
    await using proxy = await startProxy();
    await using http = testPort({ proxy: { https: `http://127.0.0.1:${String(proxy.port)}` } });
    const url = `https://ci.test:${String(server.port)}/metrics?token=x`;

    const response = await http.port.send(get(url, { tls: { ca } }));

    expect(text(response.body)).toBe('fine');
    expect(proxy.seen).toEqual([`CONNECT ci.test:${String(server.port)}`]);
  });

  it('does not weaken the check of the server certificate', async () => {
    await using ci = await startCiTest();
    const { server, ca } = ci;
    await using proxy = await startProxy();
    await using http = testPort({ proxy: { https: `http://127.0.0.1:${String(proxy.port)}` } });
    const port = String(server.port);

    const unknownCa = await errorOf(http.port.send(get(`https://ci.test:${port}/`)));
    const otherName = await errorOf(http.port.send(get(`https://evil.test:${port}/`, { tls: { ca } })));

    expect(describeHttpProblem(unknownCa, 'x')?.message).toMatch(/not signed by a CA/);
    expect(describeHttpProblem(otherName, 'x')?.message).toMatch(/another host name/);
    expect(server.requests).toEqual([]);
  });

  it('gets the credentials of its URL, and the server does not', async () => {
    await using ci = await startCiTest();
    const { server, ca } = ci;
    await using proxy = await startProxy();
    const address = `http://user:p%40ss@127.0.0.1:${String(proxy.port)}`;
    await using http = testPort({ proxy: { https: address } });

    await http.port.send(get(`https://ci.test:${String(server.port)}/`, { tls: { ca } }));

    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it.each([
    ['https', 407, /the proxy refused the credentials in its URL, or there are none; put valid ones .* \(PROXY_407\)/],
    ['https', 403, /the proxy refused to connect; check its rules or NO_PROXY \(PROXY_403\)/],
    ['http', 407, /the proxy refused the credentials in its URL, or there are none; put valid ones .* \(PROXY_407\)/],
  ])('that answers %s with %i is named as the reason, without its password', async (scheme, status, message) => {
    await using proxy = await startProxy({ refuseWith: status });
    const address = `http://user:canary-7f3a@127.0.0.1:${String(proxy.port)}`;
    await using http = testPort({ proxy: { http: address, https: address } });

    const error = await errorOf(http.port.send(get(`${scheme}://ci.test/`)));

    expect(describeHttpProblem(error, 'x')?.message).toMatch(message);
    expect(describeHttpProblem(error, 'x')?.kind).toBe(status === 407 ? 'auth' : 'unavailable');
    expect(inspect(error, { depth: 9 })).not.toContain('canary');
    expect(proxy.seen).toHaveLength(1);
  });

  it('that does not run is found out', async () => {
    await using http = testPort({ proxy: { https: 'http://127.0.0.1:1' } });

    const error = await errorOf(http.port.send(get('https://ci.test/')));

    expect(error).toMatchObject({ name: 'HttpConnectionError', code: 'ECONNREFUSED' });
  });

  it('is gone around for hosts in NO_PROXY and for this machine', async () => {
    await using server = await startLoopbackServer(fine);
    await using proxy = await startProxy();
    const settings = { http: `http://127.0.0.1:${String(proxy.port)}`, except: 'nowhere.invalid' };
    await using http = testPort({ proxy: settings });

    await http.port.send(get(`http://localhost:${String(server.port)}/`));
    const error = await errorOf(http.port.send(get('http://nowhere.invalid/')));

    expect(error).toMatchObject({ code: 'ENOTFOUND' });
    expect(proxy.seen).toEqual([]);
  });

  it('is no way to a forbidden address', async () => {
    await using proxy = await startProxy();
    await using http = testPort({ proxy: { http: `http://127.0.0.1:${String(proxy.port)}` } });

    const error = await errorOf(http.port.send(get('http://169.254.169.254/latest/')));

    expect(error).toMatchObject({ name: 'ForbiddenRequestError' });
    expect(proxy.seen).toEqual([]);
  });
});
