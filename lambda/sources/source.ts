/** What every source has to be: its face for the registry, what it gets from a run, and what it returns. */
import type * as z from 'zod';
import type { Ledger } from '../counters/ledger.ts';
import type { AwsAccess } from '../http/auth/aws-credentials.ts';
import type { Inbox } from '../events/inbox.ts';
import type { WebhookSchemeName } from '../events/webhook-schemes.ts';
import type { HttpPort } from '../http/port.ts';
import type { Absence } from '../model/catalogue/absence.ts';
import type { Collection } from '../model/collection.ts';
import type { Finding } from '../model/finding.ts';
import type { MetricDefinition } from '../model/metric.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Deadline } from '../runtime/deadline.ts';
import type { Logger } from '../runtime/log.ts';
import type { SecretRef } from '../secrets/secret-ref.ts';
import type { Secrets } from '../secrets/secrets.ts';

export type { Collection } from '../model/collection.ts';

export interface CollectContext {
  /** The share of the run that sources may use. */
  readonly deadline: Deadline;
  /** Scheduled time of the run, floored to the interval. Epoch milliseconds. */
  readonly tickMs: number;
  /**
   * The source's memory, loaded when first asked for. What is told to it is saved, and then published, once `collect` has
   * returned; a source that throws leaves it as it was.
   * @throws StateStoreError when the state cannot be read; what needs no memory is still worth returning.
   * @throws TickTakenError when this tick was counted already; it must escape, so that nothing is published twice.
   */
  readonly openLedger: () => Promise<Ledger>;
  /**
   * How many samples the run has room for. A source whose answers may hold more adds up the rest before it makes samples
   * of it, and tells that in `folded`; what it returns beyond is folded for it, but has taken its memory by then.
   */
  readonly room?: number | undefined;
}

/** A configured connection to one CI system; made once a process, so what it remembers lives across warm runs. */
export interface Source {
  /** Never throws for what can be expected of a network: that becomes a problem. */
  collect(context: CollectContext): Promise<Collection>;
  /** How the source spends what it may spend, for a dry run; asked after `collect`. Only of sources that have to plan. */
  plan?(): SourcePlan;
  /**
   * What the credential may beyond need, and what it lacks, for the doctor; asked after `collect`. Only of sources whose
   * CI system tells it. Never throws for what can be expected of a network.
   */
  examine?(context: ExamineContext): readonly Finding[] | Promise<readonly Finding[]>;
}

export interface ExamineContext {
  readonly deadline: Deadline;
}

/** A table that a dry run shows. */
export interface SourcePlan {
  readonly title: string;
  readonly columns: readonly string[];
  /** As many cells as there are columns. */
  readonly rows: readonly (readonly string[])[];
}

/** Where a CI system's own events come from; the stack makes a queue for the source, and what fills it. */
export type EventFeed =
  /** An event bus of a partner of EventBridge, and which of its events are wanted. */
  | { readonly kind: 'partner-bus'; readonly bus: string; readonly detailTypes: readonly string[] }
  /** A URL that the CI system posts to, and how it proves by the secret that it was itself. */
  | { readonly kind: 'webhook'; readonly secret: SecretRef; readonly scheme: WebhookSchemeName };

/** What a role of Kubernetes allows (rbac.authorization.k8s.io/v1, PolicyRule). */
export interface KubernetesRule {
  /** Absent: in all namespaces. */
  readonly namespace?: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** An EKS cluster that the function enters with its own role; the stack grants and prints what that needs. */
export interface EksEntrance {
  readonly cluster: string;
  /** Absent: the one of the function. */
  readonly region: string | undefined;
  /** Whether `eks:DescribeCluster` is asked where its API server is. */
  readonly isLookedUp: boolean;
  /** Absent: the function enters with its own role. */
  readonly roleArn?: string | undefined;
  readonly rules: readonly KubernetesRule[];
}

export interface SourcePorts {
  readonly http: HttpPort;
  /** For a source that signs as the function's role; nothing is loaded before it does. */
  readonly aws: AwsAccess;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly log: Logger;
  /** The source's queue of events; absent where none is configured or deployed. */
  readonly inbox?: Inbox | undefined;
}

export type CreateSource<Config> = (config: Config, ports: SourcePorts) => Source;

/** The settings that every source has. */
export interface NamedConfig {
  readonly kind: string;
  readonly name: string;
}

/** A source folder's export: data, and a loader for the code that only a configured source needs. */
export interface SourceModule<Kind extends string, Config extends NamedConfig> {
  readonly kind: Kind;
  /** Value of the `system` label. */
  readonly system: string;
  readonly title: string;
  /** Strict; also the origin of the documented settings. */
  readonly config: z.ZodObject & z.ZodType<Config>;
  /** Everything that it may ever emit. */
  readonly metrics: readonly MetricDefinition[];
  /** What it may emit when configured like this. */
  readonly metricsOf: (config: Config) => readonly MetricDefinition[];
  /** What of these metrics, and of the collector's own, it does not send when configured like this. */
  readonly absencesOf?: (config: Config) => readonly Absence[];
  /** The value of `pipeline` for runs that have none, where each scope has such a series. */
  readonly unnamedPipeline?: string;
  readonly secretsOf: (config: Config) => readonly SecretRef[];
  /** Whether it opens a ledger when configured like this; the stack then makes a table. */
  readonly needsState: (config: Config) => boolean;
  /** The largest answer that it takes, where the configuration says that; MiB, decompressed. */
  readonly answerMegabytesOf?: (config: Config) => number;
  /** Absent for a kind that takes no events. */
  readonly eventsOf?: (config: Config) => EventFeed | undefined;
  /** ARNs of the roles that it assumes when configured like this; absent for a kind that signs no requests. */
  readonly rolesOf?: (config: Config) => readonly string[];
  /** Whether its CI system says how many requests are left; absent for a kind whose system never does. */
  readonly tellsRateLimit?: (config: Config) => boolean;
  /** Absent for a kind that enters no EKS cluster. */
  readonly eksOf?: (config: Config) => EksEntrance | undefined;
  readonly load: () => Promise<CreateSource<Config>>;
}

/** A checked configuration of a source, before anything is built. */
export interface PreparedSource {
  readonly kind: string;
  readonly system: string;
  readonly name: string;
  readonly metrics: readonly MetricDefinition[];
  /** What of them, and of the collector's own, it does not send. */
  readonly absences: readonly Absence[];
  /** The value of `pipeline` for runs that have none. */
  readonly unnamedPipeline: string | undefined;
  readonly secrets: readonly SecretRef[];
  readonly needsState: boolean;
  /** The largest answer that it takes, where the configuration says that; MiB, decompressed. */
  readonly answerMegabytes: number | undefined;
  /** Whether its CI system says how many requests are left. */
  readonly tellsRateLimit: boolean;
  readonly events: EventFeed | undefined;
  readonly eks: EksEntrance | undefined;
  /** ARNs of the roles that it assumes. */
  readonly roles: readonly string[];
  readonly create: (ports: SourcePorts) => Promise<Source>;
}

/** A source as the registry knows it: its configuration type is closed over. */
export interface RegisteredSource<Kind extends string = string> {
  readonly kind: Kind;
  readonly system: string;
  readonly title: string;
  readonly config: z.ZodObject;
  readonly metrics: readonly MetricDefinition[];
  /** @throws z.ZodError for a configuration that does not fit. */
  readonly prepare: (raw: unknown) => PreparedSource;
}

export function defineSource<const Kind extends string, Config extends NamedConfig>(
  module: SourceModule<Kind, Config>,
): RegisteredSource<Kind> {
  const { kind, system, title, config, metrics } = module;
  return {
    kind,
    system,
    title,
    config,
    metrics,
    prepare: (raw) => {
      const checked: Config = module.config.parse(raw);
      return {
        kind,
        system,
        name: checked.name,
        metrics: module.metricsOf(checked),
        absences: module.absencesOf?.(checked) ?? [],
        unnamedPipeline: module.unnamedPipeline,
        secrets: module.secretsOf(checked),
        needsState: module.needsState(checked),
        answerMegabytes: module.answerMegabytesOf?.(checked),
        tellsRateLimit: module.tellsRateLimit?.(checked) ?? false,
        events: module.eventsOf?.(checked),
        eks: module.eksOf?.(checked),
        roles: module.rolesOf?.(checked) ?? [],
        create: async (ports) => (await module.load())(checked, ports),
      };
    },
  };
}
