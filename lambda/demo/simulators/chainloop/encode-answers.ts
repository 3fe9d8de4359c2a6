/** Answers of the control plane in protobuf, with every field that v1.106.1 sends for such records. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import {
  policyNumbers,
  type RunRecord,
  runnerNumbers,
  statusNumbers,
  type VersionRecord,
  type WorkflowRecord,
} from './records.ts';

interface RunsPage {
  readonly runs: readonly RunRecord[];
  readonly nextCursor: string;
}

export function runListAnswer({ runs, nextCursor }: RunsPage): Uint8Array {
  const writer = new BinaryWriter();
  for (const run of runs)
    message(writer, 1, (item) => {
      runItem(item, run);
    });
  if (nextCursor !== '') message(writer, 2, (page) => page.tag(1, WireType.LengthDelimited).string(nextCursor));
  return writer.finish();
}

interface WorkflowsPage {
  readonly workflows: readonly { readonly workflow: WorkflowRecord; readonly lastRun: RunRecord | undefined }[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

export function workflowListAnswer({ workflows, page, pageSize, total }: WorkflowsPage): Uint8Array {
  const writer = new BinaryWriter();
  for (const { workflow, lastRun } of workflows) {
    message(writer, 1, (item) => {
      workflowItem(item, workflow);
      if (lastRun !== undefined)
        message(item, 7, (run) => {
          runItem(run, lastRun);
        });
    });
  }
  message(writer, 2, (pagination) => {
    const numbers = [page, pageSize, total, Math.ceil(total / pageSize)];
    for (const [index, value] of numbers.entries()) integer(pagination, index + 1, value);
  });
  return writer.finish();
}

/** `ContextServiceCurrentResponse`: a user's membership; an API token has none. */
export function contextAnswer(organization: string | undefined): Uint8Array {
  const writer = new BinaryWriter();
  message(writer, 1, (result) => {
    if (organization === undefined) return;
    message(result, 2, (membership) => {
      message(membership, 2, (item) => {
        text(item, 2, organization);
      });
    });
  });
  return writer.finish();
}

function runItem(item: BinaryWriter, run: RunRecord): void {
  const { id, createdMs, finishedMs, workflow, runner, status, version, policy } = run;
  text(item, 1, id);
  timestamp(item, 2, createdMs);
  if (finishedMs !== undefined) timestamp(item, 3, finishedMs);
  message(item, 6, (field) => {
    workflowItem(field, workflow);
  });
  integer(item, 8, typeof runner === 'number' ? runner : runnerNumbers[runner]);
  integer(item, 12, typeof status === 'number' ? status : statusNumbers[status]);
  if (version !== undefined)
    message(item, 13, (field) => {
      versionItem(field, version);
    });
  if (policy === undefined) return;
  message(item, 15, (field) => {
    integer(field, 1, typeof policy.status === 'number' ? policy.status : policyNumbers[policy.status]);
    integer(field, 2, policy.total);
    integer(field, 3, policy.total - policy.violated);
    integer(field, 5, policy.violated);
  });
}

function workflowItem(item: BinaryWriter, { id, name, project }: WorkflowRecord): void {
  text(item, 1, id);
  text(item, 2, name);
  text(item, 3, project);
}

function versionItem(item: BinaryWriter, { id, name, isPrerelease, releasedMs }: VersionRecord): void {
  if (id !== undefined) text(item, 1, id);
  text(item, 2, name);
  if (isPrerelease) item.tag(3, WireType.Varint).bool(true);
  if (releasedMs !== undefined) timestamp(item, 5, releasedMs);
}

function timestamp(writer: BinaryWriter, field: number, ms: number): void {
  message(writer, field, (time) => {
    const seconds = Math.floor(ms / 1000);
    time.tag(1, WireType.Varint).int64(seconds);
    integer(time, 2, (ms - seconds * 1000) * 1_000_000);
  });
}

function message(writer: BinaryWriter, field: number, write: (item: BinaryWriter) => unknown): void {
  write(writer.tag(field, WireType.LengthDelimited).fork());
  writer.join();
}

/** Protobuf leaves out what is empty or 0. */
function text(writer: BinaryWriter, field: number, value: string): void {
  if (value !== '') writer.tag(field, WireType.LengthDelimited).string(value);
}

function integer(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, WireType.Varint).int32(value);
}
