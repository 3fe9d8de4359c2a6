/** Turns a backend of buildkite-agent-metrics into the sink that publishes the same names. */
import { UsageError } from '../commands/parse-arguments.ts';
import type { Backend, OtlpHeader } from './installation.ts';
import type { Target } from './token-refs.ts';
import { minuteMs } from '../../model/time.ts';

export interface MigratedSink {
  readonly settings: Readonly<Record<string, unknown>>;
  /** What has to be known beside the settings, each a sentence. */
  readonly notes: readonly string[];
}

export interface SinkNeeds {
  readonly intervalMs: number | undefined;
  readonly target: Target;
  /** Number of the account at New Relic, which the other tool does not know. */
  readonly account: number | undefined;
}

export function writeSink(backend: Backend, needs: SinkNeeds): MigratedSink {
  switch (backend.kind) {
    case 'cloudwatch':
      return writeCloudWatch(backend, needs);
    case 'statsd':
      return writeStatsd(backend, needs);
    case 'prometheus':
      return writePage(backend);
    case 'stackdriver':
      return writeGoogleCloud(backend, needs);
    case 'newrelic':
      return writeNewRelic(needs);
    case 'opentelemetry':
      return writeOtlp(backend, needs);
  }
}

function writeCloudWatch(
  { region, dimensions, isHighResolution }: Extract<Backend, { kind: 'cloudwatch' }>,
  { intervalMs }: SinkNeeds,
): MigratedSink {
  // Below a minute buildkite-agent-metrics sends in high resolution.
  const isFine = intervalMs !== undefined && intervalMs < minuteMs;
  return {
    settings: {
      kind: 'cloudwatch',
      ...(region === undefined ? {} : { region }),
      ...(Object.keys(dimensions).length === 0 ? {} : { dimensions }),
      ...(isFine && !isHighResolution ? { resolution: 'standard' } : {}),
    },
    notes: isHighResolution && !isFine ? ['High resolution: it begins below an interval of one minute.'] : [],
  };
}

/** Prometheus' own names for a level are the neutral ones here; `compat` of the source adds the other tool's. */
function writeStatsd({ address, hasTags }: Extract<Backend, { kind: 'statsd' }>, { target }: SinkNeeds): MigratedSink {
  const { host: named, port } = splitAddress(address, 8125);
  // Without a name Go takes this machine.
  const host = named === '' ? '127.0.0.1' : named;
  return {
    settings: {
      kind: 'statsd',
      ...(host === '127.0.0.1' ? {} : { host }),
      ...(port === 8125 ? {} : { port }),
      ...(hasTags ? { tags: 'dogstatsd' } : {}),
      compat: true,
    },
    notes: describeLoopback(host, target),
  };
}

/** In a function, this machine is the function itself, where no receiver listens but an extension of it. */
function describeLoopback(host: string, target: Target): readonly string[] {
  return target === 'aws' && isLoopbackHost(host)
    ? [
        `StatsD: ${host} is the function itself in AWS, where nothing listens; before the deployment set \`host\` to an address that the function reaches.`,
      ]
    : [];
}

function writePage({ address, path }: Extract<Backend, { kind: 'prometheus' }>): MigratedSink {
  const { host, port } = splitAddress(address, 8080);
  return {
    settings: {
      kind: 'scrape-page',
      listen: `${host === '' ? '0.0.0.0' : wrapHost(host)}:${String(port)}`,
      ...(path === '/metrics' ? {} : { path }),
      // The other tool's page has neither TLS nor a password.
      ...(isLoopbackHost(host) ? {} : { plaintext: 'allow', anonymous: 'allow' }),
    },
    notes: !isLoopbackHost(host)
      ? [
          'The page is readable from every network that reaches this machine, as it was; `listen: 127.0.0.1:…` closes it.',
        ]
      : [],
  };
}

function writeGoogleCloud(
  { project, keyFile = 'service-account.json' }: Extract<Backend, { kind: 'stackdriver' }>,
  { target }: SinkNeeds,
): MigratedSink {
  const key = { secret: 'ci-metrics/google-cloud', key: 'serviceAccountKey' };
  return {
    settings: {
      kind: 'google-cloud-monitoring',
      ...(project === undefined ? {} : { project }),
      auth: { serviceAccountKey: target === 'aws' ? key : { file: keyFile } },
      compat: true,
    },
    notes: [
      target === 'aws'
        ? `Google Cloud: put the key of a service account into the secret ${key.secret} under ${key.key}, or let the function in without a key by \`auth: { federation: … }\`.`
        : `Google Cloud: the key of a service account is read from the file ${keyFile}.`,
    ],
  };
}

function writeNewRelic({ target, account }: SinkNeeds): MigratedSink {
  const key = { secret: 'ci-metrics/new-relic', key: 'licenseKey' };
  return {
    settings: {
      kind: 'new-relic',
      ...(account === undefined ? {} : { account }),
      apiKey: target === 'aws' ? key : { env: 'NEWRELIC_LICENSE_KEY' },
      compat: true,
    },
    notes: [
      ...(account === undefined ? ['New Relic: give the number of the account with -newrelic-account.'] : []),
      target === 'aws'
        ? `New Relic: put the license key into the secret ${key.secret} under ${key.key}; an account in Europe needs \`region: eu\`.`
        : 'New Relic: the license key is read from NEWRELIC_LICENSE_KEY; an account in Europe needs `region: eu`.',
    ],
  };
}

/** The other tool takes the standard variables, whose defaults are those of OpenTelemetry. */
function writeOtlp(backend: Extract<Backend, { kind: 'opentelemetry' }>, { target }: SinkNeeds): MigratedSink {
  const { endpoint = 'http://localhost:4318', isGrpc, serviceName, headers } = backend;
  const url = isGrpc ? endpoint.replace(/:4317\b/, ':4318') : endpoint;
  const makeRef = (name: string): object =>
    target === 'aws' ? { secret: 'ci-metrics/otlp', key: name } : { env: formatHeaderVariable(name) };
  const [authorization, others] = partitionHeaders(headers);
  return {
    settings: {
      kind: 'otlp',
      url,
      ...(url.startsWith('http:') ? { plaintext: 'allow' } : {}),
      ...(others.length === 0 ? {} : { headers: Object.fromEntries(others.map(({ name }) => [name, makeRef(name)])) }),
      ...(authorization === undefined ? {} : { auth: writeAuth(authorization, makeRef) }),
      resource: { 'service.name': serviceName ?? 'buildkite-agent-metrics' },
      compat: true,
    },
    notes: [
      ...(isGrpc ? ['OTEL_EXPORTER_OTLP_PROTOCOL=grpc: metrics go by HTTP, usually to port 4318; look at `url`.'] : []),
      ...describeHeaders(headers, target),
    ],
  };
}

/** The header of the credentials apart from the others, for which the sink has settings of their own. */
function partitionHeaders(headers: readonly OtlpHeader[]): readonly [OtlpHeader | undefined, readonly OtlpHeader[]] {
  return [headers.find(isAuthorization), headers.filter((header) => !isAuthorization(header))];
}

function isAuthorization({ name }: OtlpHeader): boolean {
  return name.toLowerCase() === 'authorization';
}

function writeAuth({ name, isBasic }: OtlpHeader, refer: (name: string) => object): object {
  return isBasic ? { basic: { username: 'USER', password: refer(name) } } : { bearer: refer(name) };
}

function formatHeaderVariable(name: string): string {
  return `OTLP_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}

function describeHeaders(headers: readonly OtlpHeader[], target: Target): readonly string[] {
  if (headers.length === 0) return [];
  const names = headers.map(({ name }) => name);
  const place =
    target === 'aws'
      ? `the secret ci-metrics/otlp under ${names.join(', ')}`
      : `the environment as ${names.map(formatHeaderVariable).join(', ')}`;
  const authorization = headers.find(isAuthorization);
  return [
    `OTEL_EXPORTER_OTLP_HEADERS: put the values into ${place}.`,
    ...(authorization === undefined ? [] : [describeAuthorization(authorization)]),
  ];
}

function describeAuthorization({ isBasic }: OtlpHeader): string {
  return isBasic
    ? 'Authorization is Basic, which is Base64 of user:password: write the user as `username` in place of USER, and put the password alone into the secret.'
    : 'Of Authorization put in the token alone, without the word Bearer.';
}

/** `host:port`, `[::1]:port` or `:port`. */
function splitAddress(address: string, usualPort: number): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address);
  if (match === null) throw new UsageError('an address must be host:port');
  return { host: match[1] ?? match[2] ?? '', port: match[3] === undefined ? usualPort : Number(match[3]) };
}

function wrapHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
