/** Builds the pipeline from the configuration: secrets, HTTP, sources, sinks, and nothing that is not configured. */
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { readFile } from 'node:fs/promises';
import { convertInterval } from './settings/interval.ts';
import { collectTexts } from './config/texts.ts';
import type { RuntimeConfig } from './config/runtime-config.ts';
import type { FindPrice } from './counters/prices.ts';
import type { Counting } from './counters/counting.ts';
import type { StateStore } from './counters/stores/store.ts';
import type { Means } from './doctor/means.ts';
import type { Inbox } from './events/inbox.ts';
import type { AssumedRole, AwsAccess, AwsCredentials } from './http/auth/aws-credentials.ts';
import { createHttpHub, type HttpHub } from './http/hub.ts';
import type { HttpPort } from './http/port.ts';
import type { LoopbackPolicy } from './http/transport/address.ts';
import { type AwsAgentOptions, createAwsAgents } from './http/transport/aws-agents.ts';
import type { AwsAgents } from './runtime/aws-agents.ts';
import { parseProxyRules, parseProxySettings } from './http/transport/proxy.ts';
import type { Problem } from './model/problem.ts';
import type { ConfiguredSink, ConfiguredSource, Pipeline } from './pipeline.ts';
import type { Clock } from './runtime/clock.ts';
import type { Logger } from './runtime/log.ts';
import { startCpuMeter } from './runtime/cpu-share.ts';
import { determineMemoryMegabytes } from './runtime/function-memory.ts';
import { createEnvironmentStore } from './secrets/stores/environment.ts';
import { createFileStore } from './secrets/stores/file.ts';
import { createParameterStore } from './secrets/stores/parameter-store.ts';
import type { Redactor } from './secrets/redaction/redactor.ts';
import { createSecretsManagerStore } from './secrets/stores/secrets-manager.ts';
import { warnOfWeakSecret } from './secrets/redaction/weak-secret.ts';
import { createSecrets, type SecretCache } from './secrets/create-secrets.ts';
import type { Secrets } from './secrets/secrets.ts';
import { prepareSink } from './sinks/prepare-sink.ts';
import { checkSecrets } from './sinks/check-secrets.ts';
import type { PreparedSink, ServedAddresses, SinkPorts } from './sinks/sink.ts';
import { prepareSource } from './sources/prepare-source.ts';
import type { PreparedSource } from './sources/source.ts';
import { minuteMs, hourMs } from './model/time.ts';

/** Everything that a process has and a test replaces: time, randomness, environment, output. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly runtime: 'lambda' | 'terminal';
  /** Time between two runs where it is another than that of the configuration, as with `collect --every`. */
  readonly everyMs?: number | undefined;
  readonly clock: Clock;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly redactor: Redactor;
  readonly log: Logger;
  /** What the operator has to know once, however little the log tells; default: the log. */
  readonly notices?: Logger;
  /** Writes to standard output. */
  readonly print: (text: string) => void;
  /** Where counters live; default: the table that the stack made. Asked for only when a source needs it. */
  readonly stateStore?: () => Promise<StateStore>;
}

export interface BuiltPipeline {
  readonly pipeline: Pipeline;
  /** Time between two runs of this process. Milliseconds. */
  readonly intervalMs: number;
  /**
   * Lets the sinks listen that are asked instead of asking, and says where each does.
   * @throws ListenError, SecretUnavailableError
   */
  readonly open: (signal: AbortSignal) => Promise<readonly ServedAddresses[]>;
  /** What a dry run has to say of the secrets of sinks, which it does not use, by the id of the sink. */
  readonly checkSinkSecrets: (signal: AbortSignal) => Promise<ReadonlyMap<string, readonly Problem[]>>;
  /** What an examination needs besides the pipeline; nothing of it is used before. */
  readonly means: Means;
  /** Closes connections and what listens; a Lambda process never needs it. */
  readonly close: () => Promise<void>;
}

/** The only place that builds clients and looks things up in the registries; it loads what the configuration names. */
export async function buildPipeline(config: RuntimeConfig, environment: Environment): Promise<BuiltPipeline> {
  const { clock, log, print } = environment;
  environment.redactor.keepWords(collectTexts(config));
  const intervalMs = environment.everyMs ?? convertInterval(config.interval);
  const sources = config.sources.map((source) => prepareSource(source, config.prices));
  const sinks = config.sinks.map(prepareSink);
  const hub = buildHttpHub(environment);
  const store = buildSecretCache(config, environment);
  const shared = { secrets: store.secrets, clock, log, aws: buildAwsAccess(config.collector, hub, environment) };
  const forSinks = {
    ...shared,
    notices: environment.notices,
    redactor: environment.redactor,
    print,
    collector: config.collector,
    intervalMs,
  };
  const inboxOf = await buildInboxes(sources, environment);
  const sinkPorts = sinks.map(() => hub.port());
  const refs = [...sources, ...sinks].flatMap(({ secrets }) => secrets);

  const pipeline: Pipeline = {
    collector: config.collector,
    maxSeriesPerMetric: config.seriesPerMetric,
    maxQueuesPerMetric: config.queuesPerMetric,
    sources: await Promise.all(sources.map((source) => buildSource(source, hub, shared, inboxOf(source)))),
    sinks: await Promise.all(sinks.map((sink, index) => buildSink(sink, sinkPorts[index] ?? hub.port(), forSinks))),
    counting: sources.some(({ needsState }) => needsState)
      ? await buildCounting(config, intervalMs, environment)
      : undefined,
    prefetchSecrets: async (signal) => {
      store.startRun();
      await store.prefetch(refs, signal);
    },
    cleaner: environment.redactor,
    resources: {
      memoryMegabytes: determineMemoryMegabytes(environment.variables),
      runtime: environment.runtime,
      sinks: sinks.length,
      // Lambda gives a function its share by its memory; what another program leaves of a machine has to be measured.
      startCpuMeter: environment.runtime === 'terminal' ? () => startCpuMeter() : undefined,
    },
    clock,
    log,
  };
  const close = async (): Promise<void> => {
    await Promise.all(pipeline.sinks.map(async ({ sink }) => await sink.close?.()));
    await hub.close();
  };
  return {
    pipeline,
    intervalMs,
    open: (signal) => openSinks(pipeline.sinks, signal),
    checkSinkSecrets: (signal) => checkSinkSecrets(sinks, store.secrets, signal),
    means: { ...shared, ...buildMeans(environment, hub, sinkPorts), ...describeParts(config, { sources, sinks }) },
    close,
  };
}

async function checkSinkSecrets(
  sinks: readonly PreparedSink[],
  secrets: Secrets,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Problem[]>> {
  const checked = sinks.map(
    async (sink) => [`${sink.kind}/${sink.name}`, await checkSecrets(sink, secrets, signal)] as const,
  );
  return new Map(await Promise.all(checked));
}

async function openSinks(sinks: readonly ConfiguredSink[], signal: AbortSignal): Promise<readonly ServedAddresses[]> {
  const opened = await Promise.all(sinks.map(async ({ sink }) => await sink.open?.(signal)));
  return opened.filter((where) => where !== undefined);
}

/** Nothing of it is loaded where no source counts. */
async function buildCounting(config: RuntimeConfig, intervalMs: number, environment: Environment): Promise<Counting> {
  const { stateStore = () => openDeployedStore(environment), redactor, log } = environment;
  const [{ createCounting }, store] = await Promise.all([import('./counters/counting.ts'), stateStore()]);
  const { waitBounds, durationBounds, finishedRuns, backfillHours } = config.counting;
  const settings = {
    maxSeriesPerMetric: config.seriesPerMetric,
    maxQueuesPerMetric: config.queuesPerMetric,
    waitBounds,
    durationBounds,
    intervalMs,
    findPrice: await buildPriceFinder(config),
    backfillMs: backfillHours * hourMs,
  };
  return createCounting({ store, settings, finishedRuns, cleaner: redactor, log });
}

/** Nothing of it is loaded where nothing has a price. */
async function buildPriceFinder({ prices }: RuntimeConfig): Promise<FindPrice | undefined> {
  if (prices === undefined) return undefined;
  const { createPriceFinder } = await import('./counters/prices.ts');
  return createPriceFinder(prices);
}

/** The stack names its table in the function's environment. */
async function openDeployedStore(environment: Environment): Promise<StateStore> {
  const { variables, clock, redactor } = environment;
  const table = variables['COLLECTOR_STATE_TABLE'];
  if (table === undefined) {
    const { createMissingStateStore } = await import('./counters/stores/no-store.ts');
    return createMissingStateStore('deploy the stack again: it makes a table and names it in COLLECTOR_STATE_TABLE');
  }
  const { createDynamoDbStateStore } = await import('./counters/stores/dynamodb/store.ts');
  return createDynamoDbStateStore({ table, clock, secrets: redactor, agents: buildAgents(environment) });
}

/** Nothing of it is loaded where no source is told of events. */
async function buildInboxes(
  sources: readonly PreparedSource[],
  environment: Environment,
): Promise<(source: PreparedSource) => Inbox | undefined> {
  const { variables, redactor } = environment;
  if (sources.every(({ events }) => events === undefined)) return () => undefined;
  const { createDeployedInboxes } = await import('./events/deployed-inboxes.ts');
  const deployed = createDeployedInboxes(variables['COLLECTOR_EVENT_QUEUES'], redactor, buildAgents(environment));
  return ({ name }) => deployed(name);
}

type SharedPorts = Pick<SinkPorts, 'secrets' | 'clock' | 'log' | 'aws'>;

async function buildSource(
  prepared: PreparedSource,
  hub: HttpHub,
  shared: SharedPorts,
  inbox: Inbox | undefined,
): Promise<ConfiguredSource> {
  const { kind, name, system, metrics, needsState } = prepared;
  const http = hub.port();
  const source = await prepared.create({ ...shared, http, inbox });
  const ports = { takeMeter: () => http.takeMeter(), readClocks: () => http.readClocks() };
  return { id: `${kind}/${name}`, system, name, metrics, needsState, source, ...ports };
}

async function buildSink(
  prepared: PreparedSink,
  http: HttpPort,
  ports: Omit<SinkPorts, 'http'>,
): Promise<ConfiguredSink> {
  const { kind, name } = prepared;
  return { id: `${kind}/${name}`, name, sink: await prepared.create({ ...ports, http }) };
}

function buildMeans(
  environment: Environment,
  hub: HttpHub,
  sinkPorts: readonly HttpPort[],
): Pick<Means, 'http' | 'proxyFor' | 'loopback' | 'readSinkClocks'> {
  return {
    http: hub.port(),
    proxyFor: parseProxyRules(parseProxySettings(environment.variables)),
    loopback: chooseLoopbackPolicy(environment),
    readSinkClocks: () => sinkPorts.flatMap((port) => port.readClocks()),
  };
}

function describeParts(
  config: RuntimeConfig,
  prepared: { readonly sources: readonly PreparedSource[]; readonly sinks: readonly PreparedSink[] },
): Pick<Means, 'sources' | 'sinks'> {
  const describePart = ({ kind, name, secrets, ...part }: PreparedSource | PreparedSink, settings: object = {}) => ({
    id: `${kind}/${name}`,
    settings: { ...settings },
    secrets,
    impliedUrl: 'impliedUrl' in part ? part.impliedUrl : undefined,
  });
  return {
    sources: prepared.sources.map((source, index) => describePart(source, config.sources[index])),
    sinks: prepared.sinks.map((sink, index) => describePart(sink, config.sinks[index])),
  };
}

/** A client of the AWS SDK goes where a source goes. */
function buildAgents({ variables }: Environment, options?: AwsAgentOptions): AwsAgents {
  return createAwsAgents(parseProxyRules(parseProxySettings(variables)), options);
}

/** In Lambda the runtime's own API listens on loopback; only an emulator has reasons to be reached there. */
function chooseLoopbackPolicy({ variables, runtime }: Environment): LoopbackPolicy {
  return runtime === 'lambda' && variables['COLLECTOR_LOOPBACK'] !== 'allow' ? 'refuse' : 'allow';
}

function buildHttpHub(environment: Environment): HttpHub {
  const { clock, random, redactor, log, variables } = environment;
  return createHttpHub({
    clock,
    random,
    redactor,
    log,
    loopback: chooseLoopbackPolicy(environment),
    memoryMegabytes: determineMemoryMegabytes(variables),
    proxy: parseProxySettings(variables),
  });
}

function buildSecretCache({ secretCacheMinutes }: RuntimeConfig, environment: Environment): SecretCache {
  const { clock, redactor, log, notices = log, variables } = environment;
  const agents = buildAgents(environment);
  return createSecrets({
    stores: {
      secret: createSecretsManagerStore({}, redactor, agents),
      parameter: createParameterStore({}, redactor, agents),
      env: createEnvironmentStore(variables),
      file: createFileStore((path) => readFile(path)),
    },
    clock,
    cacheMs: secretCacheMinutes * minuteMs,
    redactor,
    onWeak: warnOfWeakSecret(notices),
    log,
  });
}

/**
 * Credentials of the process by the SDK's own chain; the SDK is loaded when a sink signs its first request. One client,
 * because it keeps them until they expire: a role or a profile is not asked again for each request.
 */
function buildAwsAccess(collector: string, hub: HttpHub, environment: Environment): AwsAccess {
  const region = environment.variables['AWS_REGION'] ?? environment.variables['AWS_DEFAULT_REGION'];
  let client: SecretsManagerClient | undefined;
  const readOwnCredentials = async (): Promise<AwsCredentials> => {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    client ??= new sdk.SecretsManagerClient({ requestHandler: { ...buildAgents(environment) } });
    const credentials = await client.config.credentials();
    environment.redactor.remember(credentials.secretAccessKey);
    environment.redactor.remember(credentials.sessionToken ?? '');
    return credentials;
  };
  let assume: ((role: AssumedRole) => Promise<AwsCredentials>) | undefined;
  return {
    region,
    agents: (options) => buildAgents(environment, options),
    credentials: async (role) => {
      if (role === undefined) return await readOwnCredentials();
      const { createRoleSessions } = await import('./http/auth/assumed-role.ts');
      assume ??= createRoleSessions({
        http: hub.port(),
        clock: environment.clock,
        // A terminal without a Region asks the oldest of them: sessions are valid in every Region of a partition.
        region: region ?? 'us-east-1',
        endpoint: environment.variables['AWS_ENDPOINT_URL_STS'],
        sessionName: collector,
        credentials: readOwnCredentials,
        rememberSecret: (value) => {
          environment.redactor.remember(value);
        },
      });
      return await assume(role);
    },
  };
}
