/** Decodes the fields of a protobuf message. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** The bytes are no protobuf message of the expected kind. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

interface Field {
  readonly wire: WireType;
  readonly read: (reader: BinaryReader) => void;
}

/** Fields of a message by number; what is not listed is skipped, so a newer server's messages can be read. */
export type Fields = Readonly<Record<number, Field>>;

/** Reads a message field by field. @throws WireError for bytes that no writer of the message would have made. */
export function decodeFields(bytes: Uint8Array, fields: Fields): void {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) decodeField(reader, fields);
  } catch (cause) {
    if (cause instanceof WireError) throw cause;
    throw new WireError('not a protobuf message, or cut off', { cause });
  }
}

function decodeField(reader: BinaryReader, fields: Fields): void {
  const [number, wire] = reader.tag();
  const field = fields[number];
  if (field === undefined) reader.skip(wire, number);
  else if (field.wire !== wire) throw new WireError(`field ${String(number)} has another type than expected`);
  else field.read(reader);
}

export function takeText(take: (value: string) => void): Field {
  return {
    wire: WireType.LengthDelimited,
    read: (reader) => {
      take(reader.string());
    },
  };
}

/** The bytes of a message within the message. */
export function takeNested(take: (bytes: Uint8Array) => void): Field {
  return {
    wire: WireType.LengthDelimited,
    read: (reader) => {
      take(reader.bytes());
    },
  };
}

/** An int32 or the number of an enum value. */
export function takeInt32(take: (value: number) => void): Field {
  return {
    wire: WireType.Varint,
    read: (reader) => {
      take(reader.int32());
    },
  };
}

/** An int64 as a number; beyond 2^53 it loses digits that no time has. */
export function takeInt64(take: (value: number) => void): Field {
  return {
    wire: WireType.Varint,
    read: (reader) => {
      take(Number(reader.int64()));
    },
  };
}

export function takeBool(take: (value: boolean) => void): Field {
  return {
    wire: WireType.Varint,
    read: (reader) => {
      take(reader.bool());
    },
  };
}
