/** What Google Cloud needs besides OTLP: a token for each signal, and the project that pays for the request. */
import type { HeaderSettings } from '../../../http/auth/custom-headers.ts';
import { createGoogleTokens, type GoogleTokens } from '../../../http/auth/google/access-tokens.ts';
import type { SinkPorts } from '../../sink.ts';
import { pickGoogleAuth } from './auth.ts';
import type { OtlpConfig } from '../config.ts';
import { projectAttribute } from './presets.ts';

/** Telemetry API, authorization scopes: the narrower of the two that each of its methods takes. */
const scopes = {
  metrics: 'https://www.googleapis.com/auth/monitoring.write',
  traces: 'https://www.googleapis.com/auth/trace.append',
} as const;

export interface SignalTokens {
  readonly metrics: GoogleTokens;
  readonly traces: GoogleTokens;
}

/** Undefined where the receiver is not Google Cloud. */
export function createSignalTokens(config: OtlpConfig, ports: SinkPorts): SignalTokens | undefined {
  const auth = pickGoogleAuth(config);
  if (auth === undefined) return undefined;
  const tokenPorts = {
    ...ports,
    rememberSecret: (value: string) => {
      ports.redactor?.remember(value);
    },
  };
  return {
    metrics: createGoogleTokens(auth, scopes.metrics, tokenPorts),
    traces: createGoogleTokens(auth, scopes.traces, tokenPorts),
  };
}

const quotaHeader = 'x-goog-user-project';

/** The quota of the project that is written to, unless the operator names another one. */
export function buildQuotaHeaders({ preset, resource, headers }: OtlpConfig): HeaderSettings {
  const project = resource[projectAttribute];
  const isNamed = Object.keys(headers).some((name) => name.toLowerCase() === quotaHeader);
  return preset !== 'google-cloud' || project === undefined || isNamed ? {} : { [quotaHeader]: project };
}
