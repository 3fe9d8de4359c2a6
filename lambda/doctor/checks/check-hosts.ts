/** Looks at the way to each server that the configuration names: its name, the proxy on the way, and its certificate. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { explainConnection } from '../../http/errors/connection-reasons.ts';
import type { TlsMaterial } from '../../http/port.ts';
import { findAddressRefusal, hostOf } from '../../http/transport/address.ts';
import { describeAsFinding, type Finding } from '../../model/finding.ts';
import { dayMs } from '../../model/time.ts';
import { explainRunEnd, watchAbort } from '../../runtime/abort.ts';
import type { SecretRef } from '../../secrets/secret-ref.ts';
import { SecretUnavailableError, type Secrets } from '../../secrets/secrets.ts';
import type { ConfiguredPart, Means } from '../means.ts';
import { type ConfiguredHost, type ConfiguredTls, findConfiguredHosts } from '../network/configured-hosts.ts';
import { probeTls } from '../network/probe-tls.ts';

export interface Looking {
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** Certificates are renewed a month before their end or, where that is automatic, when a third of 90 days is left. */
const warnBeforeMs = 14 * dayMs;

/** A name, a handshake and a few round trips; a server that takes longer is found by its own read. */
const probeWithinMs = 10_000;

export async function checkHosts(
  parts: readonly ConfiguredPart[],
  means: Means,
  looking: Looking,
): Promise<readonly Finding[]> {
  const signal = AbortSignal.any([looking.signal, AbortSignal.timeout(probeWithinMs)]);
  const found = await Promise.all(
    findConfiguredHosts(parts).map((host) => checkHost(host, means, { ...looking, signal })),
  );
  return found.flat();
}

async function checkHost(host: ConfiguredHost, means: Means, looking: Looking): Promise<readonly Finding[]> {
  const { origin } = host;
  const proxy = means.proxyFor(origin);
  // With a proxy, it is the proxy that resolves the name of the server.
  const name = proxy === undefined ? origin : new URL(proxy);
  const [resolved, secured] = await Promise.all([
    checkName(name, means, looking.signal),
    origin.protocol === 'https:' ? checkCertificate(host, proxy, means, looking) : undefined,
  ]);
  const through = proxy === undefined ? undefined : describeProxy(origin, new URL(proxy));
  return [resolved, through, secured].filter((finding) => finding !== undefined);
}

function describeProxy(origin: URL, proxy: URL): Finding {
  // Without the credentials that its URL may hold.
  return { subject: 'proxy', where: origin.host, verdict: 'ok', message: `is asked through ${proxy.host}` };
}

/** Nothing of an address that may be asked: there is no name to look up. */
async function checkName(url: URL, { loopback }: Means, signal: AbortSignal): Promise<Finding | undefined> {
  const place = { subject: 'DNS', where: url.host } as const;
  try {
    const addresses = await resolveHost(hostOf(url), signal);
    const refusal = addresses
      .map((address) => findAddressRefusal(address, loopback))
      .find((text) => text !== undefined);
    if (refusal !== undefined)
      return {
        ...place,
        verdict: 'failed',
        kind: 'configuration',
        message: `${refusal}, to which nothing is sent`,
        remedy: 'correct the URL, or the name in the DNS',
      };
    return isIP(hostOf(url)) === 0 ? { ...place, verdict: 'ok', message: `is ${listSome(addresses)}` } : undefined;
  } catch (error) {
    return describeFailure(error, place, signal);
  }
}

async function resolveHost(host: string, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  return (await awaitBefore(lookup(host, { all: true }), signal)).map(({ address }) => address);
}

/** More than these say nothing to a person. */
const maxListed = 3;

function listSome(addresses: readonly string[]): string {
  const more = addresses.length - maxListed;
  return `${addresses.slice(0, maxListed).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

async function checkCertificate(
  { origin, tls }: ConfiguredHost,
  proxy: string | undefined,
  { secrets, loopback }: Means,
  { signal, nowMs }: Looking,
): Promise<Finding> {
  const place = { subject: 'TLS', where: origin.host } as const;
  if (proxy?.startsWith('https:') === true)
    return {
      ...place,
      verdict: 'unknown',
      message: 'is not tried through a proxy that itself speaks TLS',
      remedy: 'see whether the source or sink is read or written',
    };
  try {
    const material = await readTlsMaterial(tls, secrets, signal);
    const { protocol, issuer, expiresMs } = await probeTls({ origin, tls: material, proxy, loopback }, signal);
    const days = Math.floor((expiresMs - nowMs) / dayMs);
    const message = `${protocol}, signed by ${issuer}, ends in ${String(days)} days`;
    if (expiresMs - nowMs > warnBeforeMs) return { ...place, verdict: 'ok', message };
    return { ...place, verdict: 'warning', message, remedy: 'have the certificate of the server renewed' };
  } catch (error) {
    return describeFailure(error, place, signal);
  }
}

/** @throws SecretUnavailableError */
async function readTlsMaterial(tls: ConfiguredTls, secrets: Secrets, signal: AbortSignal): Promise<TlsMaterial> {
  const read = async (ref: SecretRef | undefined): Promise<string | undefined> =>
    ref === undefined ? undefined : (await secrets.read(ref, signal)).reveal();
  const [trusted, cert, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)]);
  const ca = trusted ?? (tls.inlineCa === undefined ? undefined : Buffer.from(tls.inlineCa, 'base64').toString('utf8'));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

function describeFailure(error: unknown, place: Pick<Finding, 'subject' | 'where'>, signal: AbortSignal): Finding {
  if (error instanceof SecretUnavailableError)
    return describeAsFinding({ kind: 'auth', where: place.where, message: error.message }, place.subject);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const { kind, reason } = explainConnection(error.code);
    return describeAsFinding({ kind, where: place.where, message: `${reason} (${error.code})` }, place.subject);
  }
  if (!signal.aborted) throw error;
  const { remedy } = explainRunEnd(signal);
  const message = `was not found out in ${String(probeWithinMs / 1000)} s; check the route to it, or ${remedy}`;
  return describeAsFinding({ kind: 'timeout', where: place.where, message }, place.subject);
}

async function awaitBefore<Value>(working: Promise<Value>, signal: AbortSignal): Promise<Value> {
  using passing = watchAbort(signal);
  const late = passing.happened.then((): never => {
    throw signal.reason;
  });
  return await Promise.race([working, late]);
}
