/** What a sink is: what it is given, what it answers, and how its folder is registered. */
import type * as z from 'zod';
import type { AwsAccess } from '../http/auth/aws-credentials.ts';
import type { HttpPort } from '../http/port.ts';
import type { Batch } from '../model/batch.ts';
import type { Delivery, Parcel } from '../model/delivery.ts';
import type { Finding } from '../model/finding.ts';
import type { MetricDefinition } from '../model/metric.ts';
import type { Problem } from '../model/problem.ts';
import type { Clock } from '../runtime/clock.ts';
import type { RunReport } from '../report/report.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { Logger } from '../runtime/log.ts';
import type { Redactor } from '../secrets/redaction/redactor.ts';
import type { SecretRef } from '../secrets/secret-ref.ts';
import type { Secrets } from '../secrets/secrets.ts';

export type { Delivery, Parcel } from '../model/delivery.ts';

export interface DeliverContext {
  readonly deadline: Deadline;
}

export interface ExamineContext extends DeliverContext {
  /** Everything that the configured sources may emit. */
  readonly metrics: readonly MetricDefinition[];
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** One line of a monthly price, in US dollars at list price. */
export interface CostLine {
  readonly item: string;
  /** Undefined where the backend publishes no price; `basis` then says what it is charged by. */
  readonly usd: number | undefined;
  /** How the number comes about, such as `210 metrics × $0.30`. */
  readonly basis: string;
}

export interface CustomMetrics {
  readonly count: number;
  /** Whether the collector's own are among them, which otherwise come from its log. */
  readonly includesOwn: boolean;
}

/** What `write` would send, without sending it. */
export interface Preview {
  readonly samples: number;
  readonly requests: number;
  readonly bytes: number;
  /** One line a sample, as the backend will see it. */
  readonly lines: readonly string[];
  /** Empty where the backend has no price of its own. */
  readonly monthlyCost: readonly CostLine[];
  /** Custom metrics of CloudWatch among what is sent, of a sink that makes any: further ones have the price behind them. */
  readonly customMetrics?: CustomMetrics;
  /** What would be left out, and why. */
  readonly problems: readonly Problem[];
}

/** Where a sink that listens can be asked; both are URLs. */
export interface ServedAddresses {
  /** For scrapers. */
  readonly metrics: string;
  /** For people with a browser; absent where the metrics have taken its place. */
  readonly page?: string | undefined;
}

/** A configured destination; made once a process, so what it remembers lives across warm runs. */
export interface Sink {
  /** Never throws for what can be expected of a network or of the data: that becomes a problem. */
  write(batch: Batch, context: DeliverContext): Promise<Delivery>;
  /** `laterHealth`: the collector's own metrics that a month is to be priced with; default: those of the batch. */
  preview(batch: Batch, laterHealth?: Batch['health']): Preview | Promise<Preview>;
  /**
   * Present in a sink that adds what it is sent (CloudWatch, StatsD): sends parcels of earlier ticks again. Their samples
   * count in `accepted`. Sinks without it take running totals, which repair themselves with the next value.
   */
  readonly redeliver?: (parcels: readonly Parcel[], context: DeliverContext) => Promise<Delivery>;
  /** Present beside `redeliver` where old timestamps are taken: the increases of a batch, to be sent later. */
  readonly pack?: (batch: Batch) => readonly Parcel[];
  /**
   * Present in a sink that is asked instead of asking (a page): begins to listen before the first run, and says where.
   * @throws ListenError, SecretUnavailableError
   */
  readonly open?: (signal: AbortSignal) => Promise<ServedAddresses>;
  /** Present beside it: ends what has been begun, callers that are still connected included. */
  readonly close?: () => Promise<void>;
  /** Present in a sink that shows people how runs went: told of each once it has ended, with the problems of all sinks. */
  readonly noteRun?: (report: RunReport) => void;
  /**
   * For the doctor: whether the backend takes something harmless, which changes no figure there. Never throws for what can
   * be expected of a network.
   */
  readonly examine?: (context: ExamineContext) => Promise<readonly Finding[]>;
  /** Present in a sink that shows finished runs as traces: batches then have `spans`, which are not kept otherwise. */
  readonly takesSpans?: true;
}

export interface SinkPorts {
  readonly http: HttpPort;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Logger;
  /** What the operator has to know, however little the log tells; default: the log. */
  readonly notices?: Logger | undefined;
  /** Name of this deployment; it distinguishes two collectors that write to one backend. */
  readonly collector: string;
  /** Time between two runs of this process: the length of the windows that increases are sent for. Milliseconds. */
  readonly intervalMs: number;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** AWS credentials and region of the process, for signed requests; made when first asked for. */
  readonly aws: AwsAccess;
  /** For a sink with a client of its own: remembers its secrets, and removes them from texts before they are cut. */
  readonly redactor?: Pick<Redactor, 'remember' | 'rememberPassing' | 'redactText'> | undefined;
}

export type CreateSink<Config> = (config: Config, ports: SinkPorts) => Sink;

/** A right in AWS that a configured sink needs; the stack turns it into a policy statement. */
export type AwsGrant =
  | { readonly kind: 'put-metric-data'; readonly namespaces: readonly string[] }
  /** CloudWatch by OTLP, which knows no namespaces. */
  | { readonly kind: 'put-otlp-metrics' }
  | { readonly kind: 'aps-remote-write'; readonly region: string; readonly workspaceId: string }
  | { readonly kind: 'assume-role'; readonly roleArn: string };

export interface NamedSinkConfig {
  readonly kind: string;
  readonly name: string;
}

export interface ImpliedUrl {
  readonly setting: string;
  readonly url: string;
}

/** A sink folder's export: data, and a loader for the code that only a configured sink needs. */
export interface SinkModule<Kind extends string, Config extends NamedSinkConfig> {
  readonly kind: Kind;
  readonly title: string;
  readonly config: z.ZodObject & z.ZodType<Config>;
  /** Why a function cannot use this sink, and what to use there instead; absent for those that it can. */
  readonly notInFunction?: string;
  /** Where it sends to although no setting has the URL, and the setting that says so, such as a preset. */
  readonly impliedUrlOf?: (config: Config) => ImpliedUrl | undefined;
  readonly secretsOf: (config: Config) => readonly SecretRef[];
  /** `metrics` is everything that the configured sources may emit. */
  readonly grantsOf: (config: Config, metrics: readonly MetricDefinition[]) => readonly AwsGrant[];
  readonly load: () => Promise<CreateSink<Config>>;
}

/** A checked configuration of a sink, before anything is built. */
export interface PreparedSink {
  readonly kind: string;
  readonly name: string;
  /** Why it cannot be deployed. */
  readonly notInFunction?: string | undefined;
  /** Where it sends to although no setting has the URL. */
  readonly impliedUrl?: ImpliedUrl | undefined;
  readonly secrets: readonly SecretRef[];
  readonly grants: (metrics: readonly MetricDefinition[]) => readonly AwsGrant[];
  readonly create: (ports: SinkPorts) => Promise<Sink>;
}

export interface RegisteredSink<Kind extends string = string> {
  readonly kind: Kind;
  readonly title: string;
  readonly config: z.ZodObject;
  readonly notInFunction?: string | undefined;
  /** @throws z.ZodError for a configuration that does not fit. */
  readonly prepare: (raw: unknown) => PreparedSink;
}

export function defineSink<const Kind extends string, Config extends NamedSinkConfig>(
  module: SinkModule<Kind, Config>,
): RegisteredSink<Kind> {
  const { kind, title, config, notInFunction } = module;
  return {
    kind,
    title,
    config,
    notInFunction,
    prepare: (raw) => {
      const checked: Config = module.config.parse(raw);
      return {
        kind,
        name: checked.name,
        notInFunction,
        impliedUrl: module.impliedUrlOf?.(checked),
        secrets: module.secretsOf(checked),
        grants: (metrics) => module.grantsOf(checked, metrics),
        create: async (ports) => (await module.load())(checked, ports),
      };
    },
  };
}
