/** Reads the environment variables of the functions of buildkite-agent-metrics, in AWS Lambda and in Google Cloud. */
import { UsageError } from '../commands/parse-arguments.ts';
import type { Backend, Installation, TokenLocation, Variables } from './installation.ts';
import { readDimensions, readOpenTelemetry, readUrl, splitList, mapTypedTokens, getValue } from './read-shared.ts';

/** The three places of tokens; the function takes exactly one of them. */
const tokenVariables = [
  'BUILDKITE_AGENT_TOKEN',
  'BUILDKITE_AGENT_TOKEN_SSM_KEY',
  'BUILDKITE_AGENT_SECRETS_MANAGER_SECRET_ID',
] as const;

/** Variables that only a function reads; the program ignores them. */
const functionVariables = [
  'BUILDKITE_BACKEND',
  'BUILDKITE_AGENT_TOKEN_SSM_KEY',
  'BUILDKITE_AGENT_SECRETS_MANAGER_SECRET_ID',
  'BUILDKITE_CLOUDWATCH_DIMENSIONS',
  'BUILDKITE_AGENT_TOKENS',
  'BUILDKITE_AGENT_TOKEN_SECRET_NAMES',
  'STATSD_HOST',
  'NEWRELIC_LICENSE_KEY',
] as const;

export function isOfFunction(variables: Variables): boolean {
  return functionVariables.some((name) => getValue(variables, name) !== undefined);
}

/** @throws UsageError for what the function itself refuses. */
export function readFunction(variables: Variables): Installation {
  return isGoogleFunction(variables) ? readGoogleFunction(variables) : readLambda(variables);
}

function isGoogleFunction(variables: Variables): boolean {
  return (
    getValue(variables, 'BUILDKITE_AGENT_TOKENS') !== undefined ||
    getValue(variables, 'BUILDKITE_AGENT_TOKEN_SECRET_NAMES') !== undefined
  );
}

function readLambda(variables: Variables): Installation {
  return {
    runsAs: 'lambda',
    tokens: readTokens(variables),
    endpoint: readUrl(getValue(variables, 'BUILDKITE_AGENT_ENDPOINT'), 'BUILDKITE_AGENT_ENDPOINT'),
    queues: readQueues(variables),
    intervalMs: undefined,
    backend: readBackend(variables),
    notes: listNotes(variables),
  };
}

function readQueues(variables: Variables): readonly string[] | undefined {
  const queues = getValue(variables, 'BUILDKITE_QUEUE');
  return queues === undefined ? undefined : splitList(queues);
}

function readTokens(variables: Variables): readonly TokenLocation[] {
  const given = tokenVariables.filter((name) => getValue(variables, name) !== undefined);
  const [place] = given;
  if (place === undefined) {
    throw new UsageError(`no token is given: the function takes one of ${tokenVariables.join(', ')}`);
  }
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other`);
  const text = getValue(variables, place) ?? '';
  switch (place) {
    case 'BUILDKITE_AGENT_TOKEN':
      return mapTypedTokens(text);
    case 'BUILDKITE_AGENT_TOKEN_SSM_KEY':
      return splitList(text).map((name) => ({ kind: 'parameter', name }));
    case 'BUILDKITE_AGENT_SECRETS_MANAGER_SECRET_ID':
      return readSecrets(text, getValue(variables, 'BUILDKITE_AGENT_SECRETS_MANAGER_JSON_KEY'));
  }
}

/** With a key the function takes the whole text as one secret's id. */
function readSecrets(text: string, key: string | undefined): readonly TokenLocation[] {
  const names = key === undefined ? splitList(text) : [text.trim()];
  return names.map((name) => ({ kind: 'secret', name, key }));
}

const knownBackends: readonly string[] = ['cloudwatch', 'statsd', 'newrelic', 'opentelemetry'];

function readBackend(variables: Variables): Backend {
  switch ((getValue(variables, 'BUILDKITE_BACKEND') ?? '').toLowerCase()) {
    case 'statsd':
      return {
        kind: 'statsd',
        address: getValue(variables, 'STATSD_HOST') ?? '127.0.0.1:8125',
        hasTags: (getValue(variables, 'STATSD_TAGS') ?? '').toLowerCase() === 'true',
      };
    case 'newrelic':
      return { kind: 'newrelic' };
    case 'opentelemetry':
      return readOpenTelemetry(variables);
    default:
      return {
        kind: 'cloudwatch',
        region: getValue(variables, 'AWS_REGION'),
        dimensions: readDimensions(
          getValue(variables, 'BUILDKITE_CLOUDWATCH_DIMENSIONS') ?? '',
          'BUILDKITE_CLOUDWATCH_DIMENSIONS',
        ),
        isHighResolution: isSet(variables, 'BUILDKITE_CLOUDWATCH_HIGH_RESOLUTION'),
      };
  }
}

function readGoogleFunction(variables: Variables): Installation {
  const typed = getValue(variables, 'BUILDKITE_AGENT_TOKENS');
  const secrets = splitList(getValue(variables, 'BUILDKITE_AGENT_TOKEN_SECRET_NAMES') ?? '');
  return {
    runsAs: 'google-function',
    // Secrets of Google Cloud cannot be read from AWS, so their values move.
    tokens: typed === undefined ? secrets.map(() => ({ kind: 'typed' })) : mapTypedTokens(typed),
    endpoint: readUrl(getValue(variables, 'BUILDKITE_AGENT_ENDPOINT'), 'BUILDKITE_AGENT_ENDPOINT'),
    queues: readQueues(variables),
    intervalMs: undefined,
    backend: {
      kind: 'stackdriver',
      project: getValue(variables, 'GCP_PROJECT_ID') ?? getValue(variables, 'GOOGLE_CLOUD_PROJECT'),
      keyFile: undefined,
    },
    notes: listNotes(variables),
  };
}

/** True for exactly `1` and `true`, as the function has it. */
function isSet(variables: Variables, name: string): boolean {
  return variables[name] === '1' || variables[name] === 'true';
}

/** What is no setting of a configuration, and where it went. */
const noteOfVariable: Readonly<Record<string, string>> = {
  BUILDKITE_QUIET: 'BUILDKITE_QUIET: the log has one line a run and nothing else, so there is nothing to quieten.',
  BUILDKITE_AGENT_METRICS_DEBUG: 'BUILDKITE_AGENT_METRICS_DEBUG: set `logLevel: debug`.',
  BUILDKITE_AGENT_METRICS_DEBUG_HTTP:
    'BUILDKITE_AGENT_METRICS_DEBUG_HTTP: set `logLevel: debug`; requests are logged without their credentials.',
  BUILDKITE_AGENT_METRICS_TIMEOUT:
    'BUILDKITE_AGENT_METRICS_TIMEOUT: every wait is bounded by deployment.timeoutSeconds.',
  BUILDKITE_AGENT_METRICS_MAX_IDLE_CONNS:
    'BUILDKITE_AGENT_METRICS_MAX_IDLE_CONNS: connections are kept and bounded without a setting.',
  NEWRELIC_APP_NAME: 'NEWRELIC_APP_NAME: events are told apart by the attribute `collector`, not by an application.',
};

function listNotes(variables: Variables): readonly string[] {
  const notes = Object.entries(noteOfVariable)
    .filter(([name]) => getValue(variables, name) !== undefined)
    .map(([, note]) => note);
  return [...describeOtherBackend(variables), ...notes];
}

/** The function takes any other text for CloudWatch and says nothing, so the text may be a mistake of long ago. */
function describeOtherBackend(variables: Variables): readonly string[] {
  const backend = getValue(variables, 'BUILDKITE_BACKEND');
  if (backend === undefined || knownBackends.includes(backend.toLowerCase())) return [];
  return [
    `BUILDKITE_BACKEND=${JSON.stringify(backend.slice(0, 40))} is none that the function knows (${knownBackends.join(', ')}): it sent to CloudWatch, and so does this configuration; another one needs another sink.`,
  ];
}
