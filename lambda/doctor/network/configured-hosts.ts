/** Finds the servers that a configuration names, each with the TLS settings that the collector asks it with. */
import * as z from 'zod';
import { TlsSettings } from '../../http/settings.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { ConfiguredPart } from '../means.ts';

/** Private CA, client certificate and name of a server, none of which has to be set. */
export interface ConfiguredTls {
  readonly ca?: SecretRef | undefined;
  /** A CA that stands in the configuration itself, for it is public: PEM in base64. */
  readonly inlineCa?: string | undefined;
  readonly cert?: SecretRef | undefined;
  readonly key?: SecretRef | undefined;
  /** That the certificate must have, where it differs from the host. */
  readonly serverName?: string | undefined;
}

export interface ConfiguredHost {
  /** Of `http:` or `https:`, without path and query. */
  readonly origin: URL;
  readonly tls: ConfiguredTls;
}

/** Settings that hold an address to which requests go; labels and attributes may hold URLs, too. */
const addressSetting = /(?:^|[a-z])(?:url|endpoint|server)$/i;

/** Public services that are asked without the TLS settings of the part: Google's token services, and the API of EKS. */
const askedWithoutTls: ReadonlySet<string> = new Set(['federation', 'describeUrl']);

/** The forms in which an object of settings says how the addresses in it are asked. */
const TlsBeside = z.object({
  tls: TlsSettings.optional(),
  ca: SecretRef.optional(),
  certificateAuthority: z.base64().optional(),
  serverName: z.string().optional(),
});

interface Address {
  readonly text: string;
  readonly tls: ConfiguredTls;
}

/** One for each origin and TLS settings. */
export function findConfiguredHosts(parts: readonly ConfiguredPart[]): readonly ConfiguredHost[] {
  const hosts = new Map<string, ConfiguredHost>();
  for (const { text, tls } of parts.flatMap(collectOfPart)) {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) continue;
    hosts.set(JSON.stringify([url.origin, tls]), { origin: new URL(url.origin), tls });
  }
  return [...hosts.values()];
}

function collectOfPart({ settings, impliedUrl }: ConfiguredPart): readonly Address[] {
  const named = collectAddresses(settings, '', {});
  return impliedUrl === undefined ? named : [...named, { text: impliedUrl.url, tls: readTlsBeside(settings) ?? {} }];
}

/** @param tls of the settings around the value; those that stand nearer take its place. */
function collectAddresses(value: unknown, key: string, tls: ConfiguredTls): readonly Address[] {
  const way = askedWithoutTls.has(key) ? {} : tls;
  if (typeof value === 'string') return addressSetting.test(key) ? [{ text: value, tls: way }] : [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => collectAddresses(item, key, way));
  if (typeof value !== 'object' || value === null) return [];
  const nearest = readTlsBeside(value) ?? way;
  return Object.entries(value).flatMap(([name, inside]) => collectAddresses(inside, name, nearest));
}

/** Undefined: the settings say nothing of TLS. */
function readTlsBeside(settings: object): ConfiguredTls | undefined {
  const { data = {} } = TlsBeside.safeParse(settings);
  const { tls, ca, certificateAuthority: inlineCa, serverName } = data;
  const found = { ca: tls?.ca ?? ca, inlineCa, cert: tls?.cert, key: tls?.key, serverName };
  return Object.values(found).every((member) => member === undefined) ? undefined : found;
}
