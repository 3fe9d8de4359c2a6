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

export function encodeRunList({ runs, nextCursor }: RunsPage): Uint8Array {
  const writer = new BinaryWriter();
  for (const run of runs)
    writeMessage(writer, 1, (item) => {
      writeRun(item, run);
    });
  if (nextCursor !== '') writeMessage(writer, 2, (page) => page.tag(1, WireType.LengthDelimited).string(nextCursor));
  return writer.finish();
}

interface WorkflowsPage {
  readonly workflows: readonly { readonly workflow: WorkflowRecord; readonly lastRun: RunRecord | undefined }[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

export function encodeWorkflowList({ workflows, page, pageSize, total }: WorkflowsPage): Uint8Array {
  const writer = new BinaryWriter();
  for (const { workflow, lastRun } of workflows) {
    writeMessage(writer, 1, (item) => {
      writeWorkflow(item, workflow);
      if (lastRun !== undefined)
        writeMessage(item, 7, (run) => {
          writeRun(run, lastRun);
        });
    });
  }
  writeMessage(writer, 2, (pagination) => {
    const numbers = [page, pageSize, total, Math.ceil(total / pageSize)];
    for (const [index, value] of numbers.entries()) writeInteger(pagination, index + 1, value);
  });
  return writer.finish();
}

/** `ContextServiceCurrentResponse`: a user's membership; an API token has none. */
export function encodeContext(organization: string | undefined): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, 1, (result) => {
    if (organization === undefined) return;
    writeMessage(result, 2, (membership) => {
      writeMessage(membership, 2, (item) => {
        writeText(item, 2, organization);
      });
    });
  });
  return writer.finish();
}

function writeRun(item: BinaryWriter, run: RunRecord): void {
  const { id, createdMs, finishedMs, workflow, runner, status, version, policy } = run;
  writeText(item, 1, id);
  writeTimestamp(item, 2, createdMs);
  if (finishedMs !== undefined) writeTimestamp(item, 3, finishedMs);
  writeMessage(item, 6, (field) => {
    writeWorkflow(field, workflow);
  });
  writeInteger(item, 8, typeof runner === 'number' ? runner : runnerNumbers[runner]);
  writeInteger(item, 12, typeof status === 'number' ? status : statusNumbers[status]);
  if (version !== undefined)
    writeMessage(item, 13, (field) => {
      writeVersion(field, version);
    });
  if (policy === undefined) return;
  writeMessage(item, 15, (field) => {
    writeInteger(field, 1, typeof policy.status === 'number' ? policy.status : policyNumbers[policy.status]);
    writeInteger(field, 2, policy.total);
    writeInteger(field, 3, policy.total - policy.violated);
    writeInteger(field, 5, policy.violated);
  });
}

function writeWorkflow(item: BinaryWriter, { id, name, project }: WorkflowRecord): void {
  writeText(item, 1, id);
  writeText(item, 2, name);
  writeText(item, 3, project);
}

function writeVersion(item: BinaryWriter, { id, name, isPrerelease, releasedMs }: VersionRecord): void {
  if (id !== undefined) writeText(item, 1, id);
  writeText(item, 2, name);
  if (isPrerelease) item.tag(3, WireType.Varint).bool(true);
  if (releasedMs !== undefined) writeTimestamp(item, 5, releasedMs);
}

function writeTimestamp(writer: BinaryWriter, field: number, ms: number): void {
  writeMessage(writer, field, (time) => {
    const seconds = Math.floor(ms / 1000);
    time.tag(1, WireType.Varint).int64(seconds);
    writeInteger(time, 2, (ms - seconds * 1000) * 1_000_000);
  });
}

function writeMessage(writer: BinaryWriter, field: number, write: (item: BinaryWriter) => unknown): void {
  write(writer.tag(field, WireType.LengthDelimited).fork());
  writer.join();
}

/** Protobuf leaves out what is empty or 0. */
function writeText(writer: BinaryWriter, field: number, value: string): void {
  if (value !== '') writer.tag(field, WireType.LengthDelimited).string(value);
}

function writeInteger(writer: BinaryWriter, field: number, value: number): void {
  if (value !== 0) writer.tag(field, WireType.Varint).int32(value);
}
