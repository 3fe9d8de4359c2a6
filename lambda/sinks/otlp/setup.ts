/** What follows from the configuration alone, worked out once a process. */
import { matchSelection } from '../../settings/glob.ts';
import { whereOf } from '../../http/where.ts';
import type { SinkPorts } from '../sink.ts';
import type { OtlpConfig } from './config.ts';
import { encodeJson } from './encode/encode-json.ts';
import type { Encode, MessageSettings } from './encode/message.ts';
import { chooseMapping } from './encode/naming/choose-mapping.ts';
import type { BatchSettings } from './encode/points/encode-points.ts';
import { encodeProtobuf } from './encode/encode-protobuf.ts';
import { type Resource, buildResources } from './encode/resource.ts';
import { type SignalTokens, createSignalTokens } from './receiver/google.ts';
import { type Target, resolveTarget } from './receiver/target.ts';

export interface Setup {
  readonly config: OtlpConfig;
  readonly ports: SinkPorts;
  readonly target: Target;
  /** Of Google Cloud; undefined for every other receiver. */
  readonly tokens: SignalTokens | undefined;
  /** For problems: which sink, and where it sends to. */
  readonly where: string;
  /** The same for traces. */
  readonly tracesWhere: string;
  readonly encode: Encode;
  /** Who traces are from. */
  readonly resource: Resource;
  readonly points: BatchSettings;
  /** Of points that have no time of their own. Epoch milliseconds. */
  readonly messageAt: (timestampMs: number) => MessageSettings;
}

export function setUp(config: OtlpConfig, ports: SinkPorts): Setup {
  const { collector, intervalMs } = ports;
  const { resource, naming, attributes, histograms, exemplars, compat } = config;
  const target = resolveTarget(config);
  const { temporality, limits, url, tracesUrl } = target;
  const resources = buildResources({ collector, attributes: resource, naming });
  return {
    config,
    ports,
    target,
    tokens: createSignalTokens(config, ports),
    where: `otlp/${config.name} ${whereOf('POST', url)}`,
    tracesWhere: `otlp/${config.name} ${whereOf('POST', tracesUrl)}`,
    resource: resources.collector,
    encode: config.encoding === 'json' ? encodeJson : encodeProtobuf,
    points: {
      temporality,
      histograms,
      exemplars,
      attributes,
      intervalMs,
      compat,
      selects: matchSelection(config.metrics ?? {}),
      mapMetric: chooseMapping(config),
      maxAttributes: limits.attributes,
    },
    messageAt: (timestampMs) => ({ resources, temporality, timestampMs }),
  };
}
