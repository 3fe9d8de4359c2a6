/** Finds the servers that a configuration names, each with the CA that its certificate is to be signed by. */
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { ConfiguredPart } from '../means.ts';

export interface ConfiguredHost {
  /** Of `http:` or `https:`, without path and query. */
  readonly origin: URL;
  /** Absent: the CAs that Node knows. */
  readonly ca: SecretRef | undefined;
}

/** Settings that hold an address to which requests go; labels and attributes may hold URLs, too. */
const addressSetting = /(?:^|[a-z])(?:url|endpoint|server)$/i;

/** One for each origin and CA. */
export function findConfiguredHosts(parts: readonly ConfiguredPart[]): readonly ConfiguredHost[] {
  const hosts = new Map<string, ConfiguredHost>();
  for (const { settings, impliedUrl } of parts) {
    const ca = findCa(settings);
    for (const text of [...collectAddresses(settings), ...(impliedUrl === undefined ? [] : [impliedUrl.url])]) {
      const url = URL.parse(text);
      if (url === null || !/^https?:$/.test(url.protocol)) continue;
      hosts.set(JSON.stringify([url.origin, ca]), { origin: new URL(url.origin), ca });
    }
  }
  return [...hosts.values()];
}

function collectAddresses(value: unknown, key = ''): readonly string[] {
  if (typeof value === 'string') return addressSetting.test(key) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => collectAddresses(item, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inside]) => collectAddresses(inside, name));
}

/** `tls.ca`, wherever in the settings of the part it stands. */
function findCa(value: unknown): SecretRef | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inside] of Object.entries(value)) {
    const ref = name === 'ca' ? SecretRef.safeParse(inside).data : findCa(inside);
    if (ref !== undefined) return ref;
  }
  return undefined;
}
