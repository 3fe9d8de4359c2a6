/** What Google Cloud wants of a request besides OTLP: a token for its signal, and the project whose quota it uses. */
import type { HeaderSettings } from '../../../http/auth/custom-headers.ts';
import { googleTokens, type GoogleTokens } from '../../../http/auth/google/access-tokens.ts';
import type { SinkPorts } from '../../sink.ts';
import { googleAuthOf } from './auth.ts';
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
export function tokensOf(config: OtlpConfig, ports: SinkPorts): SignalTokens | undefined {
  const auth = googleAuthOf(config);
  if (auth === undefined) return undefined;
  const tokenPorts = {
    ...ports,
    rememberSecret: (value: string) => {
      ports.redactor?.remember(value);
    },
  };
  return {
    metrics: googleTokens(auth, scopes.metrics, tokenPorts),
    traces: googleTokens(auth, scopes.traces, tokenPorts),
  };
}

const quotaHeader = 'x-goog-user-project';

/** The quota of the project that is written to, unless the operator names another one. */
export function quotaHeaders({ preset, resource, headers }: OtlpConfig): HeaderSettings {
  const project = resource[projectAttribute];
  const isNamed = Object.keys(headers).some((name) => name.toLowerCase() === quotaHeader);
  return preset !== 'google-cloud' || project === undefined || isNamed ? {} : { [quotaHeader]: project };
}
