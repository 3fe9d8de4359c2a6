/** Reads what the program and the functions of buildkite-agent-metrics have in common. */
import { UsageError } from '../args.ts';
import type { Backend, TokenPlace, Variables } from './installation.ts';

/** Undefined for a variable that is not set and for an empty one. */
export function valueOf(variables: Variables, name: string): string | undefined {
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

export function typedTokens(text: string): readonly TokenPlace[] {
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
  const headers = valueOf(variables, 'OTEL_EXPORTER_OTLP_HEADERS') ?? '';
  return {
    kind: 'opentelemetry',
    endpoint: valueOf(variables, 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    isGrpc: valueOf(variables, 'OTEL_EXPORTER_OTLP_PROTOCOL') === 'grpc',
    serviceName: valueOf(variables, 'OTEL_SERVICE_NAME'),
    headers: splitList(headers).map((pair) => (pair.split('=', 1)[0] ?? '').trim()),
  };
}
