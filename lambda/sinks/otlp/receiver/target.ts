/** Where a configuration sends to, and within which limits: the operator's settings over those of the preset. */
import { collectHttpRoles } from '../../../http/settings.ts';
import { pickHttpSettings } from './auth.ts';
import type { OtlpConfig } from '../config.ts';
import type { Temporality } from '../encode/points/point.ts';
import { type ReceiverLimits, usualLimits } from '../limits.ts';
import { presets } from './presets.ts';

export interface Target {
  /** Of the metrics, with its path. */
  readonly url: URL;
  /** Of the traces, with its path. */
  readonly tracesUrl: URL;
  readonly temporality: Temporality;
  readonly limits: ReceiverLimits;
}

type TargetSettings = Pick<
  OtlpConfig,
  'preset' | 'url' | 'auth' | 'temporality' | 'pointsPerRequest' | 'bytesPerRequest'
>;

export function resolveTarget(config: TargetSettings): Target {
  const { preset: name, temporality, pointsPerRequest, bytesPerRequest } = config;
  const preset = name === undefined ? undefined : presets[name];
  const limits = preset?.limits ?? usualLimits;
  return {
    url: buildSignalUrl(resolveBaseUrl(config), 'metrics'),
    tracesUrl: buildSignalUrl(resolveBaseUrl(config), 'traces'),
    temporality: temporality ?? preset?.temporality ?? 'cumulative',
    limits: { ...limits, points: pointsPerRequest ?? limits.points, bytes: bytesPerRequest ?? limits.bytes },
  };
}

/** `/v1/metrics` under the base, as OTEL_EXPORTER_OTLP_ENDPOINT has it; a URL that names it already is taken as it is. */
export function buildSignalUrl(base: string, signal: 'metrics' | 'traces'): URL {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1\/(metrics|traces)$/, '');
  url.pathname = `${path}/v1/${signal}`;
  return url;
}

function resolveBaseUrl({ preset, url, auth }: TargetSettings): string {
  if (url !== undefined) return url;
  const known = preset === undefined ? undefined : presets[preset].url;
  if (known !== undefined) return known;
  if (auth !== undefined && 'sigv4' in auth) return `https://monitoring.${auth.sigv4.region}.amazonaws.com`;
  throw new TypeError('a configuration without a URL has passed its check');
}

/** Whether requests go to CloudWatch with the rights of the function itself. */
export function isOwnCloudWatch(config: Pick<OtlpConfig, 'auth' | 'signingService'>): boolean {
  const { auth } = pickHttpSettings(config);
  const isCloudWatch = auth !== undefined && 'sigv4' in auth && config.signingService === 'monitoring';
  return isCloudWatch && collectHttpRoles({ auth }).length === 0;
}
