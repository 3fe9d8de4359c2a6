import { runListAnswer, workflowListAnswer } from './encode.ts';
import { type Records, type RunRecord, type StatusName, statusNumbers } from './records.ts';
import { type RunListRequest, runListRequest, workflowListRequest } from './requests.ts';

/** An answer of a gRPC service: a message, or a status with its text. */
export type GrpcReply = { readonly message: Uint8Array } | { readonly status: number; readonly text: string };

const invalidArgument = 3;
export const unimplemented = { status: 12, text: 'unknown service' } as const;

const maxLimit = 100;

/** The two lists that an API token may call, as the control plane answers them. */
export function answerCall(method: string, message: Uint8Array, records: Records): GrpcReply {
  if (method === 'controlplane.v1.WorkflowRunService/List') return listRuns(runListRequest(message), records);
  if (method === 'controlplane.v1.WorkflowService/List') return listWorkflows(workflowListRequest(message), records);
  return unimplemented;
}

function listRuns(request: RunListRequest, { runs }: Records): GrpcReply {
  const { workflow, project, version, status, cursor, limit } = request;
  if (limit < 1 || limit > maxLimit) return refused('pagination.limit');
  if ((workflow !== '' || version !== '') && project === '') return refused('project_name');
  const found = runs
    .filter((run) => status === 0 || numberOf(run.status) === status)
    .filter((run) => project === '' || run.workflow.project === project)
    .filter((run) => workflow === '' || run.workflow.name === workflow)
    .filter((run) => version === '' || run.version?.name === version)
    .toSorted(newestFirst);
  const after = cursor === '' ? found : found.filter((run) => isAfter(run, cursor));
  const page = after.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = last === undefined || after.length <= limit ? '' : cursorOf(last);
  return { message: runListAnswer({ runs: page, nextCursor }) };
}

function listWorkflows(request: { readonly page: number; readonly pageSize: number }, records: Records): GrpcReply {
  const { page, pageSize } = request;
  if (page < 1 || pageSize < 1 || pageSize > maxLimit) return refused('pagination');
  const ordered = records.runs.toSorted(newestFirst);
  const workflows = records.workflows
    .slice((page - 1) * pageSize, page * pageSize)
    .map((workflow) => ({ workflow, lastRun: ordered.find((run) => run.workflow.id === workflow.id) }));
  return { message: workflowListAnswer({ workflows, page, pageSize, total: records.workflows.length }) };
}

function refused(field: string): GrpcReply {
  return { status: invalidArgument, text: `validation error: ${field}` };
}

function numberOf(status: StatusName | number): number {
  return typeof status === 'number' ? status : statusNumbers[status];
}

function newestFirst(a: RunRecord, b: RunRecord): number {
  return b.createdMs - a.createdMs || (a.id < b.id ? 1 : -1);
}

/** Base64 of time and id, as the server makes it. */
function cursorOf({ createdMs, id }: RunRecord): string {
  return Buffer.from(`${new Date(createdMs).toISOString()},${id}`).toString('base64');
}

function isAfter({ createdMs, id }: RunRecord, cursor: string): boolean {
  const [time = '', lastId = ''] = Buffer.from(cursor, 'base64').toString('utf8').split(',');
  const lastMs = Date.parse(time);
  return createdMs < lastMs || (createdMs === lastMs && id < lastId);
}
