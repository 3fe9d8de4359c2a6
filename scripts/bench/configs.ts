/** The configurations that the benchmarks run. */
import type { SecretRef } from '../../lambda/secrets/secret-ref.ts';

/** Sinks that are measured alone, series by series. */
export const measuredSinks = [
  'cloudwatch',
  'datadog',
  'google-cloud-monitoring',
  'new-relic',
  'otlp',
  'pushgateway',
  'remote-write',
  'scrape-page',
  'statsd',
] as const;
export type MeasuredSink = (typeof measuredSinks)[number];

/** Those that the targets are set for, together. */
export const sinkKinds = ['cloudwatch', 'pushgateway', 'remote-write'] as const satisfies readonly MeasuredSink[];

/** A configuration that reads from and writes to the receivers of the benchmark. */
export function configFor(
  port: number,
  kinds: readonly MeasuredSink[],
  tokens: SecretRef | readonly SecretRef[],
): unknown {
  const url = `http://127.0.0.1:${String(port)}`;
  const sinks = {
    cloudwatch: { kind: 'cloudwatch', region: 'us-east-1' },
    datadog: { kind: 'datadog', url, apiKey: [tokens].flat()[0] },
    'new-relic': { kind: 'new-relic', url, apiKey: [tokens].flat()[0] },
    'google-cloud-monitoring': {
      kind: 'google-cloud-monitoring',
      url,
      project: 'acme-bench',
      auth: { bearer: [tokens].flat()[0] },
    },
    otlp: { kind: 'otlp', url },
    pushgateway: { kind: 'pushgateway', url },
    'remote-write': { kind: 'remote-write', url: `${url}/api/v1/write` },
    // Any port that is free; what a scrape takes is not measured, for the page is written by the run.
    'scrape-page': { kind: 'scrape-page', listen: '127.0.0.1:0' },
    statsd: { kind: 'statsd', port },
  };
  return {
    queuesPerMetric: 100_000,
    seriesPerMetric: 100_000,
    sources: [{ kind: 'buildkite', endpoint: `${url}/v3`, agentTokens: [tokens].flat() }],
    sinks: kinds.map((kind) => sinks[kind]),
  };
}

/** A configuration whose sink sends finished runs as traces; its source is never read. */
export function buildTracesConfig(port: number): unknown {
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    sources: [{ kind: 'buildkite', endpoint: `${url}/v3`, agentTokens: [{ env: 'BENCH_TOKEN' }] }],
    sinks: [{ kind: 'otlp', url, traces: 'finished-runs' }],
  };
}
