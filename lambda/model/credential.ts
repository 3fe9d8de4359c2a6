/** What a CI system tells of the credential that reads it: when it ends, and how long it lives in all. */
import { tokenExpiry, tokenLifetime } from './catalogue/collector-metrics.ts';
import type { SourceLabel } from './catalogue/identity-labels.ts';
import { buildGauge, type GaugeFamily, type Labels } from './metric.ts';

/** What a source may tell of its credential, that the collector's health then has beside the source's other figures. */
export const credentialMetrics = [tokenExpiry, tokenLifetime] as const;

/**
 * A credential that lives shorter than twice the time before its end that an alarm gives is renewed by a machine: if a
 * person renewed it, the alarm would be on for half of the time and more.
 */
export const thresholdsOfShortLife = 2;

/**
 * The alarm on such a one goes off in the last twentieth of its life. A machine renews when a tenth or so is left, such
 * as 12 hours in each 11th; at a twentieth it has missed that, and of 12 hours there are 36 minutes left to act.
 */
export const shareOfShortLife = 20;

/** Epoch milliseconds; each is absent where it is not told, or where there is no end. */
export interface CredentialTimes {
  readonly createdMs?: number | undefined;
  readonly expiresMs?: number | undefined;
}

/** Undefined where one end of it is not known, and for dates that contradict each other. Milliseconds. */
export function lifetimeMs({ createdMs, expiresMs }: CredentialTimes): number | undefined {
  if (createdMs === undefined || expiresMs === undefined) return undefined;
  return expiresMs > createdMs ? expiresMs - createdMs : undefined;
}

/** Nothing for a credential that does not end. */
export function credentialFamilies(labels: Labels<SourceLabel>, times: CredentialTimes): readonly GaugeFamily[] {
  const { expiresMs } = times;
  if (expiresMs === undefined) return [];
  const lifeMs = lifetimeMs(times);
  return [
    buildGauge(tokenExpiry, [{ labels, value: expiresMs / 1000 }]),
    ...(lifeMs === undefined ? [] : [buildGauge(tokenLifetime, [{ labels, value: lifeMs / 1000 }])]),
  ];
}
