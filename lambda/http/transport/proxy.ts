/** Decides by HTTP_PROXY, HTTPS_PROXY and NO_PROXY which proxy a request takes. */
import { BlockList, isIP } from 'node:net';
import { hostOf, isLoopbackHost } from './address.ts';

/** The values of HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxySettings {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly except?: string | undefined;
}

/** Lower case first, as curl and Go do it. */
export function parseProxySettings(variables: Readonly<Record<string, string | undefined>>): ProxySettings {
  return {
    http: variables['http_proxy'] ?? variables['HTTP_PROXY'],
    https: variables['https_proxy'] ?? variables['HTTPS_PROXY'],
    except: variables['no_proxy'] ?? variables['NO_PROXY'],
  };
}

/** The proxy for a URL, or undefined for a direct connection. */
export type ProxyFor = (url: URL) => string | undefined;

/**
 * Reads the proxy settings by the rules of Go's `net/http` (package `httpproxy`), which buildkite-agent-metrics follows:
 * this machine is never reached through a proxy, and NO_PROXY lists hosts, `.suffixes`, addresses, CIDR blocks, `*` and
 * `host:port`, separated by commas.
 * @throws Error that names the variable for a proxy that is no URL; its value may hold a password and is not shown.
 */
export function parseProxyRules(settings: ProxySettings): ProxyFor {
  const http = parseProxyUrl('HTTP_PROXY', settings.http);
  const https = parseProxyUrl('HTTPS_PROXY', settings.https);
  const exceptions = (settings.except ?? '')
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .map(parseException);
  return (url) => {
    const proxy = url.protocol === 'https:' ? https : http;
    if (proxy === undefined || isLoopbackHost(hostOf(url))) return undefined;
    const target = { host: hostOf(url).replace(/\.$/, '').toLowerCase(), port: portOf(url) };
    return exceptions.some((matches) => matches(target)) ? undefined : proxy;
  };
}

function parseProxyUrl(variable: string, value: string | undefined): string | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const text = value.trim();
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(`${variable} is not the URL of an HTTP proxy; write it as http://host:port`);
  }
  return url.href;
}

interface Target {
  readonly host: string;
  readonly port: string;
}

type Exception = (target: Target) => boolean;

function parseException(entry: string): Exception {
  if (entry === '*') return () => true;
  const block = parseBlock(entry);
  if (block !== undefined) return ({ host }) => isInBlock(block, host);
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  const name = (bracketed ?? plain ?? '').replace(/\.$/, '');
  const hasPort = (target: Target): boolean => port === undefined || port === target.port;
  if (name.startsWith('*.')) return (target) => hasPort(target) && target.host.endsWith(name.slice(1));
  if (name.startsWith('.')) return (target) => hasPort(target) && target.host.endsWith(name);
  return (target) => hasPort(target) && (target.host === name || target.host.endsWith(`.${name}`));
}

function parseBlock(entry: string): BlockList | undefined {
  const [address = '', bits, rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || bits === undefined || rest !== undefined) return undefined;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block;
}

function isInBlock(block: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** The port of a URL, also where it is the usual one and not written. */
export function portOf(url: URL): string {
  if (url.port !== '') return url.port;
  return url.protocol === 'https:' ? '443' : '80';
}
