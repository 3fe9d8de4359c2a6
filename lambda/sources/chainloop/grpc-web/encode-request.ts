/** Encodes requests to the control plane as protobuf. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { runStatuses, type WorkflowName } from './messages.ts';

/** The most that a page may have (protovalidate rules of the requests). */
const maxPageSize = 100;

export interface RunQuery {
  readonly cursor?: string;
  /** 1 to 100; default: the most. */
  readonly limit?: number;
  readonly status?: 'initialized';
  /** All runs of one workflow in one version of its project. */
  readonly of?: WorkflowName & {
    readonly version: string;
    /** A UUID: servers before v1.100.0 filter by it only, and later ones by the name. */
    readonly versionId?: string | undefined;
  };
}

/** `WorkflowRunServiceListRequest` */
export function encodeRunListRequest({ cursor, limit = maxPageSize, status, of }: RunQuery): Uint8Array {
  const writer = new BinaryWriter();
  if (of !== undefined) writer.tag(1, WireType.LengthDelimited).string(of.name);
  writer.tag(2, WireType.LengthDelimited).fork();
  if (cursor !== undefined) writer.tag(1, WireType.LengthDelimited).string(cursor);
  writer.tag(3, WireType.Varint).int32(limit).join();
  if (status !== undefined) writer.tag(3, WireType.Varint).int32(runStatuses.indexOf(status));
  if (of !== undefined) {
    writer.tag(4, WireType.LengthDelimited).string(of.project);
    if (of.versionId !== undefined) writer.tag(5, WireType.LengthDelimited).string(of.versionId);
    writer.tag(9, WireType.LengthDelimited).string(of.version);
  }
  return writer.finish();
}

/** `WorkflowServiceListRequest`; pages count from 1. */
export function encodeWorkflowListRequest(page: number, pageSize = maxPageSize): Uint8Array {
  const writer = new BinaryWriter().tag(9, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(page).tag(2, WireType.Varint).int32(pageSize);
  return writer.join().finish();
}
