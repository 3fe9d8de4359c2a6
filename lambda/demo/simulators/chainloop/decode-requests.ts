/** Decodes the list requests that the simulated control plane receives. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A list request of either service, by field number; a message within is kept as its own fields. */
type Fields = ReadonlyMap<number, Uint8Array | number>;

function decodeFields(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Uint8Array | number>();
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) fields.set(field, reader.bytes());
    else if (wire === WireType.Varint) fields.set(field, reader.int32());
    else reader.skip(wire, field);
  }
  return fields;
}

function getText(fields: Fields, field: number): string {
  const value = fields.get(field);
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
}

function getNumber(fields: Fields, field: number): number | undefined {
  const value = fields.get(field);
  return typeof value === 'number' ? value : undefined;
}

function getMessage(fields: Fields, field: number): Fields {
  const value = fields.get(field);
  return value instanceof Uint8Array ? decodeFields(value) : new Map();
}

export interface RunListRequest {
  readonly workflow: string;
  readonly project: string;
  readonly version: string;
  /** UUID of a version; deprecated, and all that servers before v1.100.0 know. */
  readonly versionId: string;
  /** 0: any. */
  readonly status: number;
  readonly cursor: string;
  readonly limit: number;
}

/** The server's default, and an easy mistake of clients. */
const defaultLimit = 10;

export function decodeRunList(bytes: Uint8Array): RunListRequest {
  const fields = decodeFields(bytes);
  const pagination = getMessage(fields, 2);
  return {
    workflow: getText(fields, 1),
    project: getText(fields, 4),
    version: getText(fields, 9),
    versionId: getText(fields, 5),
    status: getNumber(fields, 3) ?? 0,
    cursor: getText(pagination, 1),
    limit: getNumber(pagination, 3) ?? defaultLimit,
  };
}

export function decodeWorkflowList(bytes: Uint8Array): { readonly page: number; readonly pageSize: number } {
  const pagination = getMessage(decodeFields(bytes), 9);
  return { page: getNumber(pagination, 1) ?? 1, pageSize: getNumber(pagination, 2) ?? defaultLimit };
}
