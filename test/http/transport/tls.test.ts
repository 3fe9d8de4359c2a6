/** Tests of private certificate authorities and client certificates in requests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TlsMaterial } from '../../../lambda/http/port.ts';
import { describeHttpProblem } from '../../../lambda/http/errors/problem.ts';
import { withAuthority, type Identity } from '../../support/network/certificates.ts';
import { startLoopbackServer, type LoopbackServer } from '../../support/network/loopback-server.ts';
import { errorOf, get, testPort } from '../test-port.ts';

interface Certificates {
  readonly ca: string;
  readonly server: Identity;
  readonly elsewhere: Identity;
  readonly client: Identity;
  readonly otherCa: string;
  readonly foreignClient: Identity;
}

let made: Certificates | undefined;

function certificates(): Certificates {
  if (made === undefined) throw new TypeError('the certificates are not made yet');
  return made;
}

beforeAll(async () => {
  const own = await withAuthority(async (authority) => ({
    ca: authority.cert,
    server: await authority.server('IP:127.0.0.1'),
    elsewhere: await authority.server('DNS:elsewhere.test'),
    client: await authority.client('collector'),
  }));
  const other = await withAuthority(async (authority) => ({
    otherCa: authority.cert,
    foreignClient: await authority.client('stranger'),
  }));
  made = { ...own, ...other };
});

/** Answers with the common name of the client certificate. */
function startTls(options: ServerOptions): Promise<LoopbackServer> {
  return startLoopbackServer(
    (request, response) => {
      const { socket } = request;
      response.end(socket instanceof TLSSocket ? JSON.stringify(socket.getPeerCertificate().subject) : 'plain');
    },
    (listener) => createServer(options, listener),
    'https',
  );
}

function mutual(): ServerOptions {
  const { server, ca } = certificates();
  return { ...server, ca, requestCert: true, rejectUnauthorized: true };
}

/** `openssl s_server`, which verifies client certificates and answers with a page. */
async function startOpenssl({ ca, server }: Certificates, version: string): Promise<AsyncDisposable & { url: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-tls-'));
  await writeFile(join(folder, 'ca.pem'), ca);
  await writeFile(join(folder, 'server.pem'), `${server.cert}${server.key}`);
  const verify = ['-CAfile', 'ca.pem', '-Verify', '1', '-verify_return_error'];
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'server.pem', version, '-www', ...verify];
  const process = spawn('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(process, 'exit');
  const address = await new Promise<string>((resolve, reject) => {
    void ended.then(() => {
      reject(new Error('openssl s_server ended'));
    });
    let text = '';
    process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const found = /^ACCEPT (\S+:\d+)/m.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const stop = async (): Promise<void> => {
    process.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url: `https://${address}`, [Symbol.asyncDispose]: stop };
}

async function failing(
  server: { readonly url: string },
  tls?: TlsMaterial,
): Promise<ReturnType<typeof describeHttpProblem>> {
  await using http = testPort();
  const error = await errorOf(http.port.send(get(server.url, tls === undefined ? {} : { tls })));
  return describeHttpProblem(error, 'pushgateway/main');
}

describe('a private CA', () => {
  it('is trusted when the request names it', async () => {
    const { server: identity, ca } = certificates();
    await using server = await startTls(identity);
    await using http = testPort();

    const response = await http.port.send(get(server.url, { tls: { ca } }));

    expect(response.status).toBe(200);
  });

  it('is not trusted otherwise, and the remedy is told', async () => {
    await using server = await startTls(certificates().server);

    const problem = await failing(server);

    expect(problem).toMatchObject({ kind: 'unavailable' });
    expect(problem?.message).toMatch(/not signed by a CA that is known here; for a private CA set tls\.ca/);
    expect(server.requests).toEqual([]);
  });

  it('vouches for nobody else: another CA is refused on the same connection pool', async () => {
    const { server: identity, ca, otherCa } = certificates();
    await using server = await startTls(identity);
    await using http = testPort();
    await http.port.send(get(server.url, { tls: { ca } }));

    const error = await errorOf(http.port.send(get(server.url, { tls: { ca: otherCa } })));

    expect(describeHttpProblem(error, 'x')?.message).toMatch(/not signed by a CA/);
    expect(server.requests).toHaveLength(1);
  });

  it('does not make up for a certificate of another host', async () => {
    const { elsewhere, ca } = certificates();
    await using server = await startTls(elsewhere);

    const problem = await failing(server, { ca });

    expect(problem?.message).toMatch(/another host name.*\(ERR_TLS_CERT_ALTNAME_INVALID\)$/);
  });
});

describe('a client certificate', () => {
  it('is shown to a server that asks for it', async () => {
    const { ca, client } = certificates();
    await using server = await startTls(mutual());
    await using http = testPort();

    const response = await http.port.send(get(server.url, { tls: { ca, ...client } }));

    expect(Buffer.from(response.body).toString()).toBe('{"CN":"collector"}');
  });

  it('keeps its connections apart from those without it', async () => {
    const { ca, client } = certificates();
    await using server = await startTls({ ...mutual(), rejectUnauthorized: false });
    await using http = testPort();

    const withIt = await http.port.send(get(server.url, { tls: { ca, ...client } }));
    const without = await http.port.send(get(server.url, { tls: { ca } }));

    expect(Buffer.from(withIt.body).toString()).toBe('{"CN":"collector"}');
    expect(Buffer.from(without.body).toString()).toBe('');
    expect(server.connections()).toBe(2);
  });

  // Node's own server hangs up without a word; OpenSSL's sends the alerts that nginx, Envoy and Go's servers send.
  it.each([
    ['missing', '-tls1_2'],
    ['missing', '-tls1_3'],
    ['of another CA', '-tls1_2'],
    ['of another CA', '-tls1_3'],
  ])('that is %s is a matter of credentials (%s)', async (what, version) => {
    const { ca, foreignClient } = certificates();
    await using server = await startOpenssl(certificates(), version);

    const problem = await failing(server, { ca, ...(what === 'missing' ? {} : foreignClient) });

    expect(problem).toMatchObject({ kind: 'auth' });
    expect(problem?.message).toMatch(/wants a client certificate, or another one; check tls\.cert and tls\.key/);
  });

  it.each([
    ['a certificate that is no PEM', (): TlsMaterial => ({ cert: 'canary-7f3a', key: certificates().client.key })],
    ['a key that is no PEM', (): TlsMaterial => ({ cert: certificates().client.cert, key: 'canary-7f3a' })],
    [
      'a key of another certificate',
      (): TlsMaterial => ({ cert: certificates().client.cert, key: certificates().server.key }),
    ],
  ])('with %s is a matter of configuration', async (_what, material) => {
    const { ca } = certificates();
    await using server = await startTls(mutual());

    const problem = await failing(server, { ca, ...material() });

    expect(problem).toMatchObject({ kind: 'configuration' });
    expect(problem?.message).not.toContain('canary');
  });
});

describe('TLS', () => {
  it('to a server that does not speak it says so', async () => {
    await using server = await startLoopbackServer((_request, response) => response.end());
    await using http = testPort();

    const error = await errorOf(http.port.send(get(server.url.replace('http:', 'https:'), { remainingMs: () => 0 })));

    expect(describeHttpProblem(error, 'x')?.message).toMatch(/does not speak TLS at this port/);
  });
});
