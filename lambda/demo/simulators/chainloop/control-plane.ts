/** Answers the gRPC methods of the simulated control plane: the lists of runs and workflows, and the membership. */
import { encodeContext, encodeRunList, encodeWorkflowList } from './encode-answers.ts';
import {
  badCursor,
  type GrpcRefusal,
  refuseInvalid,
  refuseNotFound,
  refuseUnknownMethod,
  refuseUnknownService,
} from './grpc-refusals.ts';
import { type Records, type RunRecord, type StatusName, statusNumbers } from './records.ts';
import { type RunListRequest, decodeRunList, decodeWorkflowList } from './decode-requests.ts';

/** An answer of a gRPC service: a message, or a status with its text. */
export type GrpcReply = { readonly message: Uint8Array } | GrpcRefusal;

const maxLimit = 100;

export interface CallSettings {
  /** Before v1.100.0 a server did not know the filter by the name of a version, and skipped the field as unknown. */
  readonly knowsVersionNames: boolean;
  readonly ignoresCursor: boolean;
  /** Whether the token is a user's; only such a token has a membership to tell. */
  readonly isUser: boolean;
}

type Method = (message: Uint8Array, records: Records, settings: CallSettings) => GrpcReply;

const services: ReadonlyMap<string, Readonly<Record<string, Method>>> = new Map([
  [
    'controlplane.v1.WorkflowRunService',
    { List: (message, records, settings) => listRuns(decodeRunList(message), records, settings) },
  ],
  [
    'controlplane.v1.WorkflowService',
    { List: (message, records) => listWorkflows(decodeWorkflowList(message), records) },
  ],
  [
    'controlplane.v1.ContextService',
    {
      Current: (_, { organization }, { isUser }) => ({ message: encodeContext(isUser ? organization : undefined) }),
    },
  ],
]);

/** The method of a path such as `controlplane.v1.WorkflowService/List`, or the refusal that there is none; credentials are not checked yet. */
export function findMethod(path: string): Method | GrpcRefusal {
  const [service = '', name = ''] = path.split('/', 2);
  const methods = services.get(service);
  if (methods === undefined) return refuseUnknownService(service);
  return Object.hasOwn(methods, name)
    ? (methods[name] ?? refuseUnknownMethod(name, service))
    : refuseUnknownMethod(name, service);
}

function listRuns(request: RunListRequest, records: Records, settings: CallSettings): GrpcReply {
  const refusal = findRefusal(request, records, settings);
  if (refusal !== undefined) return refusal;
  const { cursor, limit } = request;
  const after = settings.ignoresCursor ? undefined : decodeCursor(cursor);
  const found = records.runs
    .filter((run) => isWanted(run, request))
    .filter(createVersionFilter(request, settings))
    .filter((run) => after === undefined || isBehind(run, after))
    .toSorted(compareNewestFirst);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = last === undefined || found.length <= limit ? '' : encodeCursor(last);
  return { message: encodeRunList({ runs: page, nextCursor }) };
}

function isWanted(run: RunRecord, { status, project, workflow }: RunListRequest): boolean {
  if (status !== 0 && getStatusNumber(run.status) !== status) return false;
  if (project !== '' && run.workflow.project !== project) return false;
  return workflow === '' || run.workflow.name === workflow;
}

/** In the order of the server: the message by itself, its cursor, and what it names. */
function findRefusal(request: RunListRequest, records: Records, settings: CallSettings): GrpcRefusal | undefined {
  const invalid = findInvalid(request);
  if (invalid !== undefined) return refuseInvalid(invalid);
  if (request.cursor !== '' && decodeCursor(request.cursor) === undefined) return badCursor;
  const missing = findMissing(request, records, settings);
  return missing === undefined ? undefined : refuseNotFound(missing);
}

function findInvalid({ limit, workflow, version, project, versionId }: RunListRequest): string | undefined {
  if (limit < 1 || limit > maxLimit) return 'pagination.limit: must be at least 1 and at most 100';
  if ((workflow !== '' || version !== '') && project === '') return 'project_name must be set';
  return versionId === '' || uuid.test(versionId) ? undefined : 'project_version: must be a valid UUID';
}

/** The name wins over the deprecated UUID, where the server knows it. */
function createVersionFilter(
  { version, versionId }: RunListRequest,
  { knowsVersionNames }: CallSettings,
): (run: RunRecord) => boolean {
  if (version !== '' && knowsVersionNames) return (run) => run.version?.name === version;
  return (run) => versionId === '' || run.version?.id === versionId;
}

function findMissing(
  { project, workflow, version }: RunListRequest,
  { workflows, runs }: Records,
  { knowsVersionNames }: CallSettings,
): 'project' | 'workflow' | 'version' | undefined {
  if (project === '') return undefined;
  const known = [...workflows, ...runs.map((run) => run.workflow)].filter((own) => own.project === project);
  // The workflow is looked up within the project, so with both it is the workflow that is not found.
  if (workflow !== '') {
    if (!known.some(({ name }) => name === workflow)) return 'workflow';
  } else if (known.length === 0) return 'project';
  if (version === '' || !knowsVersionNames) return undefined;
  const isKnown = runs.some((run) => run.workflow.project === project && run.version?.name === version);
  return isKnown ? undefined : 'version';
}

function listWorkflows(request: { readonly page: number; readonly pageSize: number }, records: Records): GrpcReply {
  const { page, pageSize } = request;
  if (page < 1 || pageSize < 1 || pageSize > maxLimit) return refuseInvalid('pagination');
  const ordered = records.runs.toSorted(compareNewestFirst);
  const workflows = records.workflows
    .slice((page - 1) * pageSize, page * pageSize)
    .map((workflow) => ({ workflow, lastRun: ordered.find((run) => run.workflow.id === workflow.id) }));
  return { message: encodeWorkflowList({ workflows, page, pageSize, total: records.workflows.length }) };
}

function getStatusNumber(status: StatusName | number): number {
  return typeof status === 'number' ? status : statusNumbers[status];
}

/**
 * The server orders by the time of creation alone, so that the database is free to order equal times as it likes; here the
 * other way round than the cursor compares, which is the worst that can happen.
 */
function compareNewestFirst(a: RunRecord, b: RunRecord): number {
  return b.createdMs - a.createdMs || (a.id < b.id ? -1 : 1);
}

interface Position {
  readonly createdMs: number;
  readonly id: string;
}

/** Base64 of time and id, as the server makes it. */
function encodeCursor({ createdMs, id }: RunRecord): string {
  return Buffer.from(`${new Date(createdMs).toISOString()},${id}`).toString('base64');
}

function decodeCursor(cursor: string): Position | undefined {
  const [time = '', id] = Buffer.from(cursor, 'base64').toString('utf8').split(',');
  const createdMs = Date.parse(time);
  return id === undefined || Number.isNaN(createdMs) ? undefined : { createdMs, id };
}

/** By time and id together, whatever the order of the list is. */
function isBehind({ createdMs, id }: RunRecord, last: Position): boolean {
  return createdMs < last.createdMs || (createdMs === last.createdMs && id < last.id);
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
