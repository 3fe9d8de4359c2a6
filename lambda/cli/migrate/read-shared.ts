/** Reads what the program and the functions of buildkite-agent-metrics have in common. */
import { UsageError } from '../commands/parse-arguments.ts';
import type { Backend, OtlpHeader, TokenLocation, Variables } from './installation.ts';

/** Undefined for a variable that is not set and for an empty one. */
export function getValue(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  return value === undefined || value === '' ? undefined : value;
}

/** `a, b` as its parts, without blanks around them and without empty ones. */
export function splitList(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function mapTypedTokens(text: string): readonly TokenLocation[] {
  return splitList(text).map(() => ({ kind: 'typed' }));
}

/** `Key=Value, Other=Value`. @throws UsageError */
export function readDimensions(text: string, setting: string): Readonly<Record<string, string>> {
  const pairs = splitList(text).map((part): readonly [string, string] => {
    const at = part.indexOf('=');
    if (at < 1) throw new UsageError(`${setting} must be Key=Value,Other=Value`);
    return [part.slice(0, at), part.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

/** The standard variables of OpenTelemetry's exporters, which both the program and the function read. */
export function readOpenTelemetry(variables: Variables): Backend {
  const headers = getValue(variables, 'OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  return {
    kind: 'opentelemetry',
    endpoint: readUrl(getValue(variables, 'OTEL_EXPORTER_OTLP_ENDPOINT'), 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    isGrpc: getValue(variables, 'OTEL_EXPORTER_OTLP_PROTOCOL') === 'grpc',
    serviceName: getValue(variables, 'OTEL_SERVICE_NAME'),
    headers: splitList(headers).map(readHeader),
  };
}

/** Name and scheme of one header of the exporters; its value is never kept. @throws UsageError for what has no name. */
function readHeader(pair: string): OtlpHeader {
  const at = pair.indexOf('=');
  // What stands there without a name may be a token, so it is not repeated.
  if (at < 1) throw new UsageError('OTEL_EXPORTER_OTLP_HEADERS must be name=value,name=value');
  const isBasic = /^\s*basic(\s|%20|\+)/i.test(pair.slice(at + 1));
  return { name: pair.slice(0, at).trim(), isBasic };
}

/** A URL as it was given, unless it may hold a credential. @throws UsageError that does not repeat it. */
export function readUrl(text: string | undefined, setting: string): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.parse(text);
  if (url !== null && (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')) {
    throw new UsageError(
      `${setting} has a user, a password or a query in it: give it without, and the credential as a secret`,
    );
  }
  return text;
}
