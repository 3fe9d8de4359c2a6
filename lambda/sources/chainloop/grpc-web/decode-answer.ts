import {
  policyStatuses,
  type PolicySummary,
  type ProjectVersion,
  type Run,
  type RunPage,
  runners,
  type RunStatus,
  runStatuses,
  statusByState,
  type Workflow,
  type WorkflowName,
  type WorkflowPage,
  type WorkflowRun,
} from './messages.ts';
import { bool, int32, int64, nested, readFields, text, WireError } from './wire.ts';

/** `WorkflowRunServiceListResponse`. @throws WireError */
export function runListResponse(bytes: Uint8Array): RunPage {
  const items: Uint8Array[] = [];
  let nextCursor = '';
  const pagination = {
    1: text((cursor) => {
      nextCursor = cursor;
    }),
  };
  readFields(bytes, {
    1: nested((item) => items.push(item)),
    2: nested((page) => {
      readFields(page, pagination);
    }),
  });
  const { read, unreadable } = readEach(items, workflowRunOf);
  return { runs: read, nextCursor, unreadable };
}

/** `WorkflowServiceListResponse`. @throws WireError */
export function workflowListResponse(bytes: Uint8Array): WorkflowPage {
  const items: Uint8Array[] = [];
  let totalPages = 1;
  let total: number | undefined;
  const pagination = {
    3: int32((count) => {
      total = count;
    }),
    4: int32((pages) => {
      totalPages = pages;
    }),
  };
  readFields(bytes, {
    1: nested((item) => items.push(item)),
    2: nested((page) => {
      readFields(page, pagination);
    }),
  });
  const { read, unreadable } = readEach(items, workflowOf);
  return { workflows: read, totalPages, unreadable, ...(total === undefined ? {} : { total }) };
}

/** The name of the organization in `ContextServiceCurrentResponse`; undefined without a membership. @throws WireError */
export function contextResponse(bytes: Uint8Array): string | undefined {
  let name: string | undefined;
  const organization = { 2: text((value) => (name = value)) };
  const membership = {
    2: nested((item) => {
      readFields(item, organization);
    }),
  };
  const result = {
    2: nested((item) => {
      readFields(item, membership);
    }),
  };
  readFields(bytes, {
    1: nested((item) => {
      readFields(item, result);
    }),
  });
  return name;
}

/** One bad element costs only itself. */
function readEach<Item>(
  items: readonly Uint8Array[],
  readOne: (bytes: Uint8Array) => Item,
): { readonly read: readonly Item[]; readonly unreadable: number } {
  const read: Item[] = [];
  let unreadable = 0;
  for (const item of items) {
    try {
      read.push(readOne(item));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      unreadable += 1;
    }
  }
  return { read, unreadable };
}

/** `WorkflowRunItem` with its workflow. */
function workflowRunOf(bytes: Uint8Array): WorkflowRun {
  let workflow: WorkflowName | undefined;
  readFields(bytes, {
    6: nested((item) => {
      workflow = workflowNameOf(item);
    }),
  });
  if (workflow === undefined) throw new WireError('a run without a workflow');
  return { ...runOf(bytes), workflow };
}

/** `WorkflowItem` without its runs: a run has a workflow that has a run, and so on. */
function workflowNameOf(bytes: Uint8Array): WorkflowName {
  let name = '';
  let project = '';
  readFields(bytes, {
    2: text((value) => {
      name = value;
    }),
    3: text((value) => {
      project = value;
    }),
  });
  if (name === '') throw new WireError('a workflow without a name');
  return { name, project };
}

/** `WorkflowItem` */
function workflowOf(bytes: Uint8Array): Workflow {
  let lastRun: Run | undefined;
  readFields(bytes, {
    7: nested((item) => {
      lastRun = runOf(item);
    }),
  });
  return { ...workflowNameOf(bytes), ...(lastRun === undefined ? {} : { lastRun }) };
}

/** `WorkflowRunItem` without its workflow. */
function runOf(bytes: Uint8Array): Run {
  let id = '';
  let state = '';
  let status = 0;
  let runner = 0;
  let createdMs: number | undefined;
  let finishedMs: number | undefined;
  let version: ProjectVersion | undefined;
  let policy: PolicySummary | undefined;
  readFields(bytes, {
    1: text((value) => (id = value)),
    2: nested((time) => (createdMs = timestampOf(time))),
    3: nested((time) => (finishedMs = timestampOf(time))),
    4: text((value) => (state = value)),
    8: int32((value) => (runner = value)),
    12: int32((value) => (status = value)),
    13: nested((item) => (version = versionOf(item))),
    15: nested((summary) => (policy = policyOf(summary))),
  });
  if (id === '' || createdMs === undefined) throw new WireError('a run without an id or a time of creation');
  return {
    id,
    createdMs,
    status: statusOf(status, state),
    runner: runners[runner] ?? 'unknown',
    ...(finishedMs === undefined ? {} : { finishedMs }),
    ...(version === undefined ? {} : { version }),
    ...(policy === undefined ? {} : { policy }),
  };
}

function statusOf(number: number, state: string): RunStatus {
  if (number !== 0) return runStatuses[number] ?? 'unknown';
  return state === '' ? 'unspecified' : (statusByState[state.toLowerCase()] ?? 'unknown');
}

/** The ends of what google.protobuf.Timestamp can say: the years 1 to 9999. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/** Epoch milliseconds of a `google.protobuf.Timestamp`. */
function timestampOf(bytes: Uint8Array): number {
  let seconds = 0;
  let nanos = 0;
  readFields(bytes, {
    1: int64((value) => (seconds = value)),
    2: int32((value) => (nanos = value)),
  });
  if (seconds < firstSecond || seconds > lastSecond) throw new WireError('a time outside of the calendar');
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

function versionOf(bytes: Uint8Array): ProjectVersion {
  const version = { id: '', name: '', isPrerelease: false, hasReleaseTime: false };
  readFields(bytes, {
    1: text((value) => (version.id = value)),
    2: text((value) => (version.name = value)),
    3: bool((value) => (version.isPrerelease = value)),
    5: nested(() => (version.hasReleaseTime = true)),
  });
  const { id, name, hasReleaseTime, isPrerelease } = version;
  return { ...(id === '' ? {} : { id }), name, isReleased: hasReleaseTime && !isPrerelease };
}

function policyOf(bytes: Uint8Array): PolicySummary {
  let status = 0;
  let violated = 0;
  readFields(bytes, {
    1: int32((value) => (status = value)),
    5: int32((value) => (violated = value)),
  });
  return { status: policyStatuses[status] ?? 'unknown', violated: Math.max(0, violated) };
}
