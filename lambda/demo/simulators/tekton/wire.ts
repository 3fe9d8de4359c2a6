import { humanDuration } from './human-duration.ts';
import type { Plural, RunObject } from './objects.ts';

/** An answer of the API server: bodies are one line of JSON, but for the text of a path that is not served. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the connection stays open behind the body, as that of a watch does. Milliseconds. */
  readonly openForMs?: number;
}

export function jsonReply(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n`, headers };
}

/** `404 page not found` is plain text where the path itself is unknown, as for a CRD that is not installed. */
export const pageNotFound: Reply = { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };

interface MoreOfStatus {
  readonly details?: object;
  readonly metadata?: object;
}

export function failure(code: number, reason: string, message: string, more: MoreOfStatus = {}): Reply {
  return jsonReply(code, statusObject(code, reason, message, more));
}

export function statusObject(code: number, reason: string, message: string, more: MoreOfStatus = {}): object {
  const { details, metadata = {} } = more;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code,
  };
}

export const unauthorized: Reply = failure(401, 'Unauthorized', 'Unauthorized');

export function forbidden(verb: 'get' | 'list' | 'watch', plural: Plural, namespace: string | undefined): Reply {
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return failure(
    403,
    'Forbidden',
    `${plural}.tekton.dev is forbidden: User "ci-metrics" cannot ${verb} resource "${plural}" in API group "tekton.dev" ${place}`,
    { details: { group: 'tekton.dev', kind: plural } },
  );
}

export function notFound(plural: Plural, name: string): Reply {
  return failure(404, 'NotFound', `${plural}.tekton.dev "${name}" not found`, {
    details: { name, group: 'tekton.dev', kind: plural },
  });
}

export function expired(token: string): Reply {
  return failure(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
    { metadata: { continue: token } },
  );
}

export interface ContinueToken {
  readonly version: number;
  /** The first key that the next page may have. */
  readonly start: string;
}

/** As the server makes it: opaque to clients. */
export function tokenOf(version: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start })).toString('base64url');
}

/** Undefined for a token that this server has not made. */
export function readToken(token: string): ContinueToken | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof parsed !== 'object' || parsed === null || !('rv' in parsed) || !('start' in parsed)) return undefined;
    const { rv, start } = parsed;
    return typeof rv === 'number' && typeof start === 'string' ? { version: rv, start } : undefined;
  } catch {
    return undefined;
  }
}

const columns = [
  { name: 'Name', type: 'string', format: 'name' },
  { name: 'Succeeded', type: 'string', format: '' },
  { name: 'Reason', type: 'string', format: '' },
  { name: 'StartTime', type: 'date', format: '' },
  { name: 'CompletionTime', type: 'date', format: '' },
].map((column) => ({ ...column, description: '', priority: 0 }));

export function tableOf(runs: readonly RunObject[], metadata: object, nowMs: number): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns,
    rows: runs.map((run) => ({
      cells: cellsOf(run, nowMs),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: run.metadata },
    })),
  };
}

/** A value that is missing is null. */
function cellsOf({ metadata, status }: RunObject, nowMs: number): readonly (string | null)[] {
  const condition = status?.conditions?.[0];
  const age = (time: string | undefined): string | null =>
    time === undefined ? null : humanDuration(nowMs - Date.parse(time));
  return [
    metadata.name,
    condition?.status ?? null,
    condition?.reason ?? null,
    age(status?.startTime),
    age(status?.completionTime),
  ];
}

export function listOf(plural: Plural, runs: readonly RunObject[], metadata: object): object {
  const kind = plural === 'pipelineruns' ? 'PipelineRunList' : 'TaskRunList';
  return { apiVersion: 'tekton.dev/v1', kind, metadata, items: runs };
}

/** Refusals of the core group have an empty API group; proxies are sub-resources, and the name is all of `http:name:port`. */
export function coreForbidden(verb: string, kind: string, namespace: string, name: string | undefined): Reply {
  const resource = name === undefined ? kind : `${kind}/proxy`;
  const object = name === undefined ? kind : `${kind} "${name}"`;
  return failure(
    403,
    'Forbidden',
    `${object} is forbidden: User "ci-metrics" cannot ${verb} resource "${resource}" in API group "" in the namespace "${namespace}"`,
    { details: { ...(name === undefined ? {} : { name }), kind } },
  );
}

export function coreNotFound(kind: string, name: string): Reply {
  return failure(404, 'NotFound', `${kind} "${name}" not found`, { details: { name, kind } });
}

/** What the proxy of the API server says of a target that it does not reach. */
export function unreachable(message: string): Reply {
  return failure(503, 'ServiceUnavailable', message);
}
