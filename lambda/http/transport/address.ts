/** Refuses addresses to which nothing may be sent, such as those of cloud metadata. */
import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Whether requests to this machine are sent; in Lambda the runtime's own API listens on loopback. */
export type LoopbackPolicy = 'allow' | 'refuse';

/** A name or a URL leads to an address to which nothing is ever sent. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
  /** undici repeats a connection attempt for ever for some errors without a code. */
  readonly code = 'FORBIDDEN_ADDRESS';
}

/** Credentials of the machine are served here without a password. IPv4 rules hold for IPv4-mapped IPv6 as well. */
const metadata = new BlockList();
metadata.addSubnet('169.254.0.0', 16, 'ipv4');
metadata.addSubnet('fe80::', 10, 'ipv6');
// Amazon's own services inside a VPC: instance metadata (::254), EKS Pod Identity (::23), DNS, time.
metadata.addSubnet('fd00:ec2::', 32, 'ipv6');
// 169.254.0.0/16 through the well-known NAT64 prefix (RFC 6052).
metadata.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
// Linux takes "this host" for loopback.
loopback.addSubnet('0.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addAddress('::', 'ipv6');

/** Why nothing is sent to this IP address, or undefined where it may be used. */
export function findAddressRefusal(address: string, policy: LoopbackPolicy): string | undefined {
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  if (metadata.check(address, family)) return `${address} is a link-local or cloud metadata address`;
  if (policy === 'refuse' && loopback.check(address, family)) return `${address} is an address of this machine`;
  return undefined;
}

/** The host of a URL without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether a host is this machine by its spelling alone. */
export function isLoopbackHost(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return /^(.+\.)?localhost\.?$/i.test(host);
  return loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Checks a host that is an IP address; names are checked by `checkedLookup` once they are resolved. */
export function assertAllowedHost(url: URL, policy: LoopbackPolicy): void {
  const host = hostOf(url);
  const refusal = isIP(host) === 0 ? undefined : findAddressRefusal(host, policy);
  if (refusal !== undefined) throw new ForbiddenAddressError(refusal);
}

/**
 * Why nothing is ever sent to a host that is written as an address, in whatever spelling of it that a resolver takes;
 * undefined for one that may be used, and for names, which are looked at once they are resolved.
 */
export function findHostRefusal(host: string): string | undefined {
  const url = URL.parse(`http://${host.includes(':') ? `[${host}]` : host}`);
  const address = url === null ? host : hostOf(url);
  return isIP(address) === 0 ? undefined : findAddressRefusal(address, 'allow');
}

/** Resolves one name to all of its addresses. */
export type Resolve = (hostname: string, callback: TakeAddresses) => void;

type TakeAddresses = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[] | undefined) => void;

function resolveAll(hostname: string, callback: TakeAddresses): void {
  resolve(hostname, { all: true }, callback);
}

/**
 * A look-up for sockets that refuses a name with a forbidden address. The socket connects to the addresses that were
 * checked and to no others, so a name that changes its address in between (DNS rebinding) gains nothing.
 */
export function createCheckedLookup(policy: LoopbackPolicy, resolveName: Resolve = resolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || addresses === undefined || first === undefined) {
        callback(error ?? createUnknownNameError(hostname), []);
        return;
      }
      const refusal = addresses
        .map(({ address }) => findAddressRefusal(address, policy))
        .find((text) => text !== undefined);
      if (refusal !== undefined) callback(new ForbiddenAddressError(refusal), []);
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

function createUnknownNameError(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}
