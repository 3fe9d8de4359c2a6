/** Decodes the control plane's answers from protobuf. */
import {
  policyStatuses,
  type PolicySummary,
  type ProjectVersion,
  type Run,
  type RunPage,
  type RunStatus,
  runStatuses,
  statusByState,
  type Workflow,
  type WorkflowName,
  type WorkflowPage,
  type WorkflowRun,
} from './messages.ts';
import { runners } from '../metrics.ts';
import { takeBool, takeInt32, takeInt64, takeNested, decodeFields, takeText, WireError } from './wire.ts';

/** `WorkflowRunServiceListResponse`. @throws WireError */
export function decodeRunList(bytes: Uint8Array): RunPage {
  const items: Uint8Array[] = [];
  let nextCursor = '';
  const pagination = {
    1: takeText((cursor) => {
      nextCursor = cursor;
    }),
  };
  decodeFields(bytes, {
    1: takeNested((item) => items.push(item)),
    2: takeNested((page) => {
      decodeFields(page, pagination);
    }),
  });
  const { read, unreadable } = decodeEach(items, decodeWorkflowRun);
  return { runs: read, nextCursor, unreadable };
}

/** `WorkflowServiceListResponse`. @throws WireError */
export function decodeWorkflowList(bytes: Uint8Array): WorkflowPage {
  const items: Uint8Array[] = [];
  let totalPages = 1;
  let total: number | undefined;
  const pagination = {
    3: takeInt32((count) => {
      total = count;
    }),
    4: takeInt32((pages) => {
      totalPages = pages;
    }),
  };
  decodeFields(bytes, {
    1: takeNested((item) => items.push(item)),
    2: takeNested((page) => {
      decodeFields(page, pagination);
    }),
  });
  const { read, unreadable } = decodeEach(items, decodeWorkflow);
  return { workflows: read, totalPages, unreadable, ...(total === undefined ? {} : { total }) };
}

/** The name of the organization in `ContextServiceCurrentResponse`; undefined without a membership. @throws WireError */
export function decodeContext(bytes: Uint8Array): string | undefined {
  let name: string | undefined;
  const organization = { 2: takeText((value) => (name = value)) };
  const membership = {
    2: takeNested((item) => {
      decodeFields(item, organization);
    }),
  };
  const result = {
    2: takeNested((item) => {
      decodeFields(item, membership);
    }),
  };
  decodeFields(bytes, {
    1: takeNested((item) => {
      decodeFields(item, result);
    }),
  });
  return name;
}

/** One bad element costs only itself. */
function decodeEach<Item>(
  items: readonly Uint8Array[],
  decodeOne: (bytes: Uint8Array) => Item,
): { readonly read: readonly Item[]; readonly unreadable: number } {
  const read: Item[] = [];
  let unreadable = 0;
  for (const item of items) {
    try {
      read.push(decodeOne(item));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      unreadable += 1;
    }
  }
  return { read, unreadable };
}

/** `WorkflowRunItem` with its workflow. */
function decodeWorkflowRun(bytes: Uint8Array): WorkflowRun {
  let workflow: WorkflowName | undefined;
  decodeFields(bytes, {
    6: takeNested((item) => {
      workflow = decodeWorkflowName(item);
    }),
  });
  if (workflow === undefined) throw new WireError('a run without a workflow');
  return { ...decodeRun(bytes), workflow };
}

/** `WorkflowItem` without its runs: a run has a workflow that has a run, and so on. */
function decodeWorkflowName(bytes: Uint8Array): WorkflowName {
  let name = '';
  let project = '';
  decodeFields(bytes, {
    2: takeText((value) => {
      name = value;
    }),
    3: takeText((value) => {
      project = value;
    }),
  });
  if (name === '') throw new WireError('a workflow without a name');
  return { name, project };
}

/** `WorkflowItem` */
function decodeWorkflow(bytes: Uint8Array): Workflow {
  let lastRun: Run | undefined;
  decodeFields(bytes, {
    7: takeNested((item) => {
      lastRun = decodeRun(item);
    }),
  });
  return { ...decodeWorkflowName(bytes), ...(lastRun === undefined ? {} : { lastRun }) };
}

/** `WorkflowRunItem` without its workflow. */
function decodeRun(bytes: Uint8Array): Run {
  let id = '';
  let state = '';
  let status = 0;
  let runner = 0;
  let createdMs: number | undefined;
  let finishedMs: number | undefined;
  let version: ProjectVersion | undefined;
  let policy: PolicySummary | undefined;
  decodeFields(bytes, {
    1: takeText((value) => (id = value)),
    2: takeNested((time) => (createdMs = decodeTimestamp(time))),
    3: takeNested((time) => (finishedMs = decodeTimestamp(time))),
    4: takeText((value) => (state = value)),
    8: takeInt32((value) => (runner = value)),
    12: takeInt32((value) => (status = value)),
    13: takeNested((item) => (version = decodeVersion(item))),
    15: takeNested((summary) => (policy = decodePolicy(summary))),
  });
  if (id === '' || createdMs === undefined) throw new WireError('a run without an id or a time of creation');
  return {
    id,
    createdMs,
    status: mapStatus(status, state),
    runner: runners[runner] ?? 'unknown',
    ...(finishedMs === undefined ? {} : { finishedMs }),
    ...(version === undefined ? {} : { version }),
    ...(policy === undefined ? {} : { policy }),
  };
}

function mapStatus(number: number, state: string): RunStatus {
  if (number !== 0) return runStatuses[number] ?? 'unknown';
  return state === '' ? 'unspecified' : (statusByState[state.toLowerCase()] ?? 'unknown');
}

/** The ends of what google.protobuf.Timestamp can say: the years 1 to 9999. */
const firstSecond = -62_135_596_800;
const lastSecond = 253_402_300_799;

/** Epoch milliseconds of a `google.protobuf.Timestamp`. */
function decodeTimestamp(bytes: Uint8Array): number {
  let seconds = 0;
  let nanos = 0;
  decodeFields(bytes, {
    1: takeInt64((value) => (seconds = value)),
    2: takeInt32((value) => (nanos = value)),
  });
  if (seconds < firstSecond || seconds > lastSecond) throw new WireError('a time outside of the calendar');
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

function decodeVersion(bytes: Uint8Array): ProjectVersion {
  const version = { id: '', name: '', isPrerelease: false, hasReleaseTime: false };
  decodeFields(bytes, {
    1: takeText((value) => (version.id = value)),
    2: takeText((value) => (version.name = value)),
    3: takeBool((value) => (version.isPrerelease = value)),
    5: takeNested(() => (version.hasReleaseTime = true)),
  });
  const { id, name, hasReleaseTime, isPrerelease } = version;
  return { ...(id === '' ? {} : { id }), name, isReleased: hasReleaseTime && !isPrerelease };
}

function decodePolicy(bytes: Uint8Array): PolicySummary {
  let status = 0;
  let violated = 0;
  decodeFields(bytes, {
    1: takeInt32((value) => (status = value)),
    5: takeInt32((value) => (violated = value)),
  });
  return { status: policyStatuses[status] ?? 'unknown', violated: Math.max(0, violated) };
}
