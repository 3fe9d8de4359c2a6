/** Simulates the REST API of Tekton Results. */
import type { RequestListener } from 'node:http';
import type { RunObject } from './objects.ts';

export interface ResultsApiOptions {
  /** Whether a bearer token is let in. */
  readonly isKnown: (token: string) => boolean;
}

/** The REST side of Tekton Results (tektoncd/results v0.20, v1alpha2), as far as runs are read from it. */
export interface ResultsApi {
  readonly listener: RequestListener;
  /** Query of the latest requests, oldest first. */
  readonly requests: readonly string[];
  /** Stores a run, as the watcher does at each change; the latest state of a run is kept. */
  readonly store: (run: RunObject) => void;
  /** A record that holds no run. */
  readonly storeDamaged: (namespace: string) => void;
  /** As long as it is down, every answer is a 503 of the proxy before it. */
  isDown: boolean;
}

interface StoredRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly type: string;
  readonly completedMs: number;
  readonly value: string;
}

const keptRequests = 1000;
const recordsPath = /^\/apis\/results\.tekton\.dev\/v1alpha2\/parents\/([^/]+)\/results\/-\/records$/;

/** Sizes of a page (pkg/api/server/v1alpha2, lister). */
const defaultPage = 50;
const leastPage = 5;
const mostPage = 10_000;

export function createResultsApi({ isKnown }: ResultsApiOptions): ResultsApi {
  const records = new Map<string, StoredRecord>();
  const requests: string[] = [];
  const api: ResultsApi = {
    isDown: false,
    requests,
    store: (run) => {
      const { uid, namespace } = run.metadata;
      const completedMs = Date.parse(run.status?.completionTime ?? '');
      const value = Buffer.from(JSON.stringify(run)).toString('base64');
      records.set(uid, { uid, namespace, type: `tekton.dev/v1.${run.kind}`, completedMs, value });
    },
    storeDamaged: (namespace) => {
      const uid = `damaged-${String(records.size)}`;
      const value = Buffer.from('{"metadata":{}').toString('base64');
      records.set(uid, { uid, namespace, type: 'tekton.dev/v1.PipelineRun', completedMs: Number.NaN, value });
    },
    listener: (request, response) => {
      request.resume();
      const url = new URL(request.url ?? '/', 'http://localhost');
      requests.push(url.search);
      if (requests.length > keptRequests) requests.shift();
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      const { status, body } = makeAnswer(url, api.isDown, token !== undefined && isKnown(token), [
        ...records.values(),
      ]);
      const type = typeof body === 'string' ? 'text/html' : 'application/json';
      response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body));
    },
  };
  return api;
}

interface Answer {
  readonly status: number;
  readonly body: object | string;
}

function makeAnswer(url: URL, isDown: boolean, isLetIn: boolean, records: readonly StoredRecord[]): Answer {
  if (isDown) return { status: 503, body: '<html><body>503 Service Temporarily Unavailable</body></html>' };
  if (!isLetIn) return { status: 401, body: { code: 16, message: 'unable to authenticate', details: [] } };
  const parent = recordsPath.exec(url.pathname)?.[1];
  if (parent === undefined) return { status: 404, body: { code: 5, message: 'Not Found', details: [] } };
  const isWanted = parseFilter(url.searchParams.get('filter') ?? '');
  if (isWanted === undefined) {
    return { status: 400, body: { code: 3, message: 'error compiling CEL filters', details: [] } };
  }
  const held = records.filter(({ namespace }) => parent === '-' || namespace === parent);
  // A damaged record has no end that a filter could turn away.
  const found = held.filter((record) => Number.isNaN(record.completedMs) || isWanted(record));
  return { status: 200, body: cutPage(found, url.searchParams) };
}

function cutPage(found: readonly StoredRecord[], query: URLSearchParams): object {
  const size = Number(query.get('page_size') ?? defaultPage);
  const start = Number(Buffer.from(query.get('page_token') ?? '', 'base64url').toString() || 0);
  const end = start + Math.min(mostPage, Math.max(leastPage, size));
  return {
    records: found.slice(start, end).map(mapRecord),
    next_page_token: end < found.length ? Buffer.from(String(end)).toString('base64url') : '',
  };
}

function mapRecord({ uid, namespace, type, value }: StoredRecord): object {
  return {
    name: `${namespace}/results/${uid}/records/${uid}`,
    id: uid,
    uid,
    data: { type, value },
    etag: `${uid}-1`,
    create_time: '2026-11-21T12:00:00Z',
    update_time: '2026-11-21T12:00:00Z',
  };
}

const comparison = /^data\.status\.completionTime (>|<=) timestamp\("([^"]+)"\)$/;

/** The part of CEL that asks for a type and for a span of ends; undefined for anything else. */
function parseFilter(filter: string): ((record: StoredRecord) => boolean) | undefined {
  const terms = filter.split(' && ').map((term): ((record: StoredRecord) => boolean) | undefined => {
    const type = /^data_type == '([^']+)'$/.exec(term)?.[1];
    if (type !== undefined) return (record) => record.type === type;
    const [, operator, time = ''] = comparison.exec(term) ?? [];
    const ms = Date.parse(time);
    if (operator === undefined || Number.isNaN(ms)) return undefined;
    return operator === '>' ? ({ completedMs }) => completedMs > ms : ({ completedMs }) => completedMs <= ms;
  });
  const known = terms.filter((term) => term !== undefined);
  return known.length < terms.length ? undefined : (record) => known.every((term) => term(record));
}
