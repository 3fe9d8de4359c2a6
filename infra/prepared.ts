/** Prepares a checked configuration for the stack: what its sources and sinks need and publish. */
import type { CollectorConfig } from '../lambda/config/schema.ts';
import type { MetricDefinition } from '../lambda/model/metric.ts';
import type { SecretRef } from '../lambda/secrets/secret-ref.ts';
import { CloudWatchConfig } from '../lambda/sinks/cloudwatch/config.ts';
import { prepareSink } from '../lambda/sinks/prepare-sink.ts';
import { OtlpConfig } from '../lambda/sinks/otlp/config.ts';
import { isWrittenToOwnCloudWatch } from '../lambda/sinks/otlp/stored.ts';
import type { PreparedSink } from '../lambda/sinks/sink.ts';
import { prepareSource } from '../lambda/sources/prepare-source.ts';
import type { EksEntrance, EventFeed, PreparedSource } from '../lambda/sources/source.ts';

/** A source whose CI system tells of itself. */
export interface FedSource {
  readonly source: PreparedSource;
  readonly feed: EventFeed;
}

/** A checked configuration as the stack reads it: what is asked for, not how it is done. */
export interface Prepared {
  readonly config: CollectorConfig;
  readonly sources: readonly PreparedSource[];
  readonly sinks: readonly PreparedSink[];
  /** The settings of every `cloudwatch` sink. */
  readonly cloudWatchSinks: readonly CloudWatchConfig[];
  /** Those of every `otlp` sink that writes to CloudWatch in the function's own account. */
  readonly otlpSinks: readonly OtlpConfig[];
}

export function prepare(config: CollectorConfig): Prepared {
  return {
    config,
    sources: config.sources.map((source) => prepareSource(source, config.prices)),
    sinks: config.sinks.map((sink) => prepareSink(sink)),
    cloudWatchSinks: config.sinks
      .filter(({ kind }) => kind === 'cloudwatch')
      .map((sink) => CloudWatchConfig.parse(sink)),
    otlpSinks: config.sinks
      .filter(({ kind }) => kind === 'otlp')
      .map((sink) => OtlpConfig.parse(sink))
      .filter(isWrittenToOwnCloudWatch),
  };
}

/** Everything that the configured sources may emit. */
export function collectSourceMetrics({ sources }: Prepared): readonly MetricDefinition[] {
  return [...new Set(sources.flatMap(({ metrics }) => metrics))];
}

/** The sources whose CI systems tell of themselves. */
export function findFedSources({ sources }: Prepared): readonly FedSource[] {
  return sources.flatMap((source) => (source.events === undefined ? [] : [{ source, feed: source.events }]));
}

/** The EKS clusters that sources enter with the function's role. */
export function collectEksEntrances({ sources }: Prepared): readonly EksEntrance[] {
  return sources.flatMap(({ eks }) => (eks === undefined ? [] : [eks]));
}

/** Secrets that only the functions behind webhook URLs read. */
export function collectWebhookSecretRefs(prepared: Prepared): readonly SecretRef[] {
  return findFedSources(prepared).flatMap(({ feed }) => (feed.kind === 'webhook' ? [feed.secret] : []));
}

export function collectSecretRefs({ sources, sinks }: Prepared): readonly SecretRef[] {
  return [...sources, ...sinks].flatMap(({ secrets }) => secrets);
}
