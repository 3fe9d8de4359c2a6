/** Collects what answers say of the credential: how many came, what it may beyond need, and when it ends. */
import { credentialFamilies } from '../../../model/credential.ts';
import { buildGauge, type MetricFamily } from '../../../model/metric.ts';
import type { ResponseHeaders } from '../../../http/port.ts';
import type { Logger } from '../../../runtime/log.ts';
import { excessPermissions } from '../own-metrics.ts';
import type { Access } from './access.ts';
import { findExcessPermissions, findExcessScopes, type Subject } from './permissions.ts';

export interface CredentialFacts {
  noteHeaders(headers: ResponseHeaders): void;
  /** Answers of GitHub so far. */
  count(): number;
  families(): readonly MetricFamily[];
}

export interface FactsOptions {
  readonly source: string;
  readonly access: Access;
  /** What is to be read. */
  readonly subjects: readonly Subject[];
  /** Permissions that were warned of already; it grows. */
  readonly warned: Set<string>;
  readonly log: Logger;
}

export function watchCredential({ source, access, subjects, warned, log }: FactsOptions): CredentialFacts {
  let count = 0;
  let scopes: readonly string[] | undefined;
  let expiresMs: number | undefined;
  const listExcess = (): readonly string[] | undefined => {
    const granted = access.granted();
    return granted === undefined ? scopes : findExcessPermissions(granted, subjects);
  };
  return {
    noteHeaders: (headers) => {
      count += 1;
      scopes = findExcessScopes(headers, subjects) ?? scopes;
      expiresMs = parseExpiry(headers) ?? expiresMs;
      const fresh = (listExcess() ?? []).filter((permission) => !warned.has(permission));
      if (fresh.length === 0) return;
      for (const permission of fresh) warned.add(permission);
      log.warn('the credential has permissions that the collector does not need', { source, permissions: fresh });
    },
    count: () => count,
    families: () => {
      const labels = { system: 'github', source };
      const excess = listExcess();
      return [
        ...(excess === undefined ? [] : [buildGauge(excessPermissions, [{ labels, value: excess.length }])]),
        ...credentialFamilies(labels, { expiresMs }),
      ];
    },
  };
}

/** Of a token that ends, in every answer: `2026-12-31 09:00:00 UTC`, or with `+0000`. */
const expiryHeader = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) (UTC|[+-]\d{4})$/;

function parseExpiry(headers: ResponseHeaders): number | undefined {
  const [, day, time, zone] = expiryHeader.exec(headers['github-authentication-token-expiration'] ?? '') ?? [];
  if (day === undefined || time === undefined || zone === undefined) return undefined;
  const ms = Date.parse(`${day}T${time}${zone === 'UTC' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`}`);
  return Number.isNaN(ms) ? undefined : ms;
}
