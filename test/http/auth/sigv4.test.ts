/** Tests of AWS Signature Version 4, against aws4fetch and a verifier of our own. */
import { describe, expect, it } from 'vitest';
import { createSigV4Signer } from '../../../lambda/http/auth/sigv4.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';
import { get, testPort } from '../test-port.ts';

const atMs = Date.UTC(2026, 10, 21, 1, 2, 3);

function signer(sessionToken?: string): ReturnType<typeof createSigV4Signer> {
  return createSigV4Signer({
    service: 'aps',
    region: 'us-east-1',
    credentials: () => Promise.resolve({ accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken }),
    clock: () => atMs,
  });
}

const request = {
  method: 'POST',
  url: new URL('https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-123/api/v1/remote_write'),
  headers: {
    'Content-Encoding': 'snappy',
    'Content-Type': 'application/x-protobuf',
    'X-Prometheus-Remote-Write-Version': '0.1.0',
  },
  body: Uint8Array.from([1, 2, 3, 0xfa, 0, 7]),
} as const;

describe('sigV4', () => {
  it('gives the signature that aws4fetch and plain HMAC give', async () => {
    const signed = await signer('TOKEN/with+chars==')(request);

    expect(signed.headers).toEqual({
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
      'x-amz-content-sha256': 'dfa7a27c59b07d2557bc009e470aacd3f586e64ed7a71c4ece9889b59d625d60',
      'x-amz-date': '20261121T010203Z',
      'x-amz-security-token': 'TOKEN/with+chars==',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/aps/aws4_request, ' +
        'SignedHeaders=content-encoding;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-prometheus-remote-write-version, ' +
        'Signature=122de370c4d328fff6c0024f91834820a09a2b1fbf993d8575627da42d73c311',
    });
    expect(signed.body).toBe(request.body);
  });

  it('signs without a session token', async () => {
    const signed = await signer()(request);

    expect(signed.headers).not.toHaveProperty('x-amz-security-token');
    expect(signed.headers['authorization']).toContain('x-amz-date;x-prometheus-remote-write-version');
  });

  it('does not sign what a proxy may change', async () => {
    const headers = { 'user-agent': 'x', connection: 'keep-alive', 'x-scope-orgid': 'team' };

    const signed = await signer()({ ...request, headers });

    expect(signed.headers['authorization']).toContain(
      'SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-scope-orgid,',
    );
    expect(signed.headers).toMatchObject(headers);
  });

  it.each([
    ['https://x.test//workspaces///ws/api', 'https://x.test/workspaces/ws/api'],
    ["https://x.test/q?b=1+2&a=%c3%a9&c='*", 'https://x.test/q?b=1%202&a=%C3%A9&c=%27%2A'],
    ['https://x.test/q', 'https://x.test/q'],
  ])('sends %s as the one spelling that it signs', async (url, sent) => {
    const signed = await signer()({ ...request, url: new URL(url) });

    expect(signed.url.href).toBe(sent);
  });

  it('signs a text as its UTF-8 bytes, and the port as part of the host', async () => {
    const url = new URL('http://127.0.0.1:8080/x');

    const text = await signer()({ method: 'POST', url, headers: {}, body: 'é' });
    const bytes = await signer()({ method: 'POST', url, headers: {}, body: Buffer.from('é') });
    const elsewhere = await signer()({
      method: 'POST',
      url: new URL('http://127.0.0.1:8081/x'),
      headers: {},
      body: 'é',
    });

    expect(text.headers).toEqual(bytes.headers);
    expect(text.headers['authorization']).not.toBe(elsewhere.headers['authorization']);
  });

  it('arrives as it was signed, with one Host', async () => {
    await using server = await startLoopbackServer((_request, response) => response.end());
    await using http = testPort();
    const prepare = signer();

    await http.port.send(get(`${server.url}/a/b?x=1`, { method: 'POST', body: 'data', headers: { a: 'b' }, prepare }));

    const [seen] = server.requests;
    const { headers } = await signer()({
      method: 'POST',
      url: new URL(`${server.url}/a/b?x=1`),
      headers: { a: 'b' },
      body: 'data',
    });
    expect(seen?.headers).toMatchObject({ ...headers, host: new URL(server.url).host });
  });
});
