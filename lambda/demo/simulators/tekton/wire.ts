/** Writes the answers of the simulated Kubernetes API server in the shapes of a real one. */
import { formatAge } from './human-duration.ts';
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

export function makeJsonReply(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n`, headers };
}

/** `404 page not found` is plain text where the path itself is unknown, as for a CRD that is not installed. */
export const pageNotFound: Reply = { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };

interface MoreOfStatus {
  readonly details?: object;
  readonly metadata?: object;
}

export function refuse(code: number, reason: string, message: string, more: MoreOfStatus = {}): Reply {
  return makeJsonReply(code, buildStatus(code, reason, message, more));
}

export function buildStatus(code: number, reason: string, message: string, more: MoreOfStatus = {}): object {
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

export const unauthorized: Reply = refuse(401, 'Unauthorized', 'Unauthorized');

export function refuseForbidden(verb: 'get' | 'list' | 'watch', plural: Plural, namespace: string | undefined): Reply {
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return refuse(
    403,
    'Forbidden',
    `${plural}.tekton.dev is forbidden: User "ci-metrics" cannot ${verb} resource "${plural}" in API group "tekton.dev" ${place}`,
    { details: { group: 'tekton.dev', kind: plural } },
  );
}

export function refuseNotFound(plural: Plural, name: string): Reply {
  return refuse(404, 'NotFound', `${plural}.tekton.dev "${name}" not found`, {
    details: { name, group: 'tekton.dev', kind: plural },
  });
}

export function refuseExpired(token: string): Reply {
  return refuse(
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
export function encodeToken(version: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start })).toString('base64url');
}

/** Undefined for a token that this server has not made. */
export function decodeToken(token: string): ContinueToken | undefined {
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

export function buildTable(runs: readonly RunObject[], metadata: object, nowMs: number): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns,
    rows: runs.map((run) => ({
      cells: buildCells(run, nowMs),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: run.metadata },
    })),
  };
}

/** A value that is missing is null. */
function buildCells({ metadata, status }: RunObject, nowMs: number): readonly (string | null)[] {
  const condition = status?.conditions?.[0];
  const formatTimeAge = (time: string | undefined): string | null =>
    time === undefined ? null : formatAge(nowMs - Date.parse(time));
  return [
    metadata.name,
    condition?.status ?? null,
    condition?.reason ?? null,
    formatTimeAge(status?.startTime),
    formatTimeAge(status?.completionTime),
  ];
}

export function buildList(plural: Plural, runs: readonly RunObject[], metadata: object): object {
  const kind = plural === 'pipelineruns' ? 'PipelineRunList' : 'TaskRunList';
  return { apiVersion: 'tekton.dev/v1', kind, metadata, items: runs };
}

/** Refusals of the core group have an empty API group; proxies are sub-resources, and the name is all of `http:name:port`. */
export function refuseCoreForbidden(verb: string, kind: string, namespace: string, name: string | undefined): Reply {
  const resource = name === undefined ? kind : `${kind}/proxy`;
  const object = name === undefined ? kind : `${kind} "${name}"`;
  return refuse(
    403,
    'Forbidden',
    `${object} is forbidden: User "ci-metrics" cannot ${verb} resource "${resource}" in API group "" in the namespace "${namespace}"`,
    { details: { ...(name === undefined ? {} : { name }), kind } },
  );
}

export function refuseCoreNotFound(kind: string, name: string): Reply {
  return refuse(404, 'NotFound', `${kind} "${name}" not found`, { details: { name, kind } });
}

/** What the proxy of the API server says of a target that it does not reach. */
export function refuseUnreachable(message: string): Reply {
  return refuse(503, 'ServiceUnavailable', message);
}
