/** Tests of choosing a proxy by the environment variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyRules } from '../../../lambda/http/transport/proxy.ts';

const http = 'http://proxy.test:3128';
const https = 'http://secure.test:3129';

function proxyOf(url: string, except?: string): string | undefined {
  return parseProxyRules({ http, https, except })(new URL(url));
}

describe('proxyRules', () => {
  it('chooses the proxy by the scheme of the URL', () => {
    expect(proxyOf('http://a.test/')).toBe(`${http}/`);
    expect(proxyOf('https://a.test/')).toBe(`${https}/`);
  });

  it('connects directly without a proxy for the scheme', () => {
    expect(parseProxyRules({ http })(new URL('https://a.test/'))).toBeUndefined();
    expect(parseProxyRules({})(new URL('http://a.test/'))).toBeUndefined();
    expect(parseProxyRules({ http: ' ' })(new URL('http://a.test/'))).toBeUndefined();
  });

  it('reads a proxy without a scheme', () => {
    expect(parseProxyRules({ http: 'proxy.test:3128' })(new URL('http://a.test/'))).toBe('http://proxy.test:3128/');
  });

  it.each([
    'http://localhost:9091/',
    'https://127.0.0.1/',
    'http://127.9.9.9/',
    'http://[::1]/',
    'http://a.localhost/',
  ])('never reaches %s through a proxy', (url) => {
    expect(proxyOf(url)).toBeUndefined();
  });

  it.each([
    ['example.com', 'https://example.com/'],
    ['example.com', 'https://a.b.example.com/'],
    ['EXAMPLE.com', 'https://Example.COM/'],
    ['example.com.', 'https://example.com/'],
    ['example.com', 'https://example.com./'],
    ['.example.com', 'https://a.example.com/'],
    ['*.example.com', 'https://a.example.com/'],
    ['a.test, example.com', 'https://example.com/'],
    ['a.test example.com', 'https://example.com/'],
    ['example.com:8443', 'https://example.com:8443/'],
    ['example.com:443', 'https://example.com/'],
    ['10.1.2.3', 'http://10.1.2.3/'],
    ['10.0.0.0/8', 'http://10.1.2.3:9091/'],
    ['fd00::/8', 'http://[fd00::1]/'],
    ['fd00::1', 'http://[fd00::1]/'],
    ['[fd00::1]:9091', 'http://[fd00::1]:9091/'],
    ['*', 'https://anything.test/'],
  ])('NO_PROXY=%s goes around the proxy for %s', (except, url) => {
    expect(proxyOf(url, except)).toBeUndefined();
  });

  it.each([
    ['example.com', 'https://notexample.com/'],
    ['example.com', 'https://example.com.evil.test/'],
    ['.example.com', 'https://example.com/'],
    ['*.example.com', 'https://example.com/'],
    ['example.com:8443', 'https://example.com/'],
    ['[fd00::1]:9091', 'http://[fd00::1]/'],
    ['10.0.0.0/8', 'http://11.1.2.3/'],
    ['10.0.0.0/8', 'http://a.test/'],
    ['10.0.0.0/33', 'http://10.1.2.3/'],
    ['', 'https://a.test/'],
    [',, ', 'https://a.test/'],
  ])('NO_PROXY=%s leaves the proxy for %s', (except, url) => {
    expect(proxyOf(url, except)).toBeDefined();
  });

  it.each(['socks5://user:canary-7f3a@proxy.test', 'http://user:canary-7f3a@', '::canary-7f3a::'])(
    'refuses %s as a proxy without showing it',
    (value) => {
      expect(() => parseProxyRules({ https: value })).toThrow(
        new Error('HTTPS_PROXY is not the URL of an HTTP proxy; write it as http://host:port'),
      );
    },
  );

  it('reads any NO_PROXY without throwing', () => {
    fc.assert(
      fc.property(fc.string(), (except) => {
        expect(() => proxyOf('https://a.test/', except)).not.toThrow();
      }),
    );
  });
});
