/** The items of the state table: how a document is laid out in them, and how they are parsed. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';

/**
 * The table's items. A document has one head, `part` = `head`, which holds the version and, where it fits, the body.
 * A larger body is cut into parts; each has a key of its own (`<id>#<index>`), because DynamoDB serves at most 1,000
 * write units a second below one partition key, and is named after the write that made it, so that no two writers ever
 * write the same item.
 */
export interface Head {
  readonly version: number;
  /** Unlike any other write's; tells a writer whose answer was lost whether it is its own head that it finds. */
  readonly write: string;
  /** 0 when the body stands in the head itself. */
  readonly parts: number;
  readonly body: Uint8Array | undefined;
  /** The checksum of the document; heads that an earlier version wrote have none. */
  readonly seal: string | undefined;
  /** Epoch milliseconds; DynamoDB removes the item at some time after that, so readers look as well. */
  readonly expiresMs: number;
}

export type Item = Record<string, AttributeValue>;
export interface Key extends Item {
  readonly id: AttributeValue.SMember;
  readonly part: AttributeValue.SMember;
}

/** DynamoDB refuses items above 400 KB (developer guide, "Service quotas"), names and numbers included. */
export const maxBytesPerItem = 350 * 1024;

/** 22 MB compressed: some 400,000 series. A document above that is a mistake that must not be paid for each minute. */
export const maxParts = 64;

/** How items are laid out; a later layout is refused, not misread. */
const layout = 1;

const NumberValue = z.object({ N: z.string() }).transform(({ N }) => Number(N));
const StoredHead = z.object({
  layout: NumberValue,
  version: NumberValue.pipe(z.int().min(1)),
  write: z.object({ S: z.string() }).transform(({ S }) => S),
  parts: NumberValue.pipe(z.int().min(0).max(maxParts)),
  body: z
    .object({ B: z.instanceof(Uint8Array) })
    .transform(({ B }) => B)
    .optional(),
  seal: z
    .object({ S: z.string() })
    .transform(({ S }) => S)
    .optional(),
  expires: NumberValue.pipe(z.int()),
});
const StoredPart = z.object({ body: z.object({ B: z.instanceof(Uint8Array) }) });

export function buildHeadKey(id: string): Key {
  return { id: { S: id }, part: { S: 'head' } };
}

export function buildPartKey(id: string, write: string, index: number): Key {
  return { id: { S: `${id}#${String(index)}` }, part: { S: write } };
}

export function buildHeadItem(id: string, { version, write, parts, body, seal, expiresMs }: Head): Item {
  return {
    ...buildHeadKey(id),
    layout: { N: String(layout) },
    version: { N: String(version) },
    write: { S: write },
    parts: { N: String(parts) },
    expires: { N: formatSeconds(expiresMs) },
    ...(seal === undefined ? {} : { seal: { S: seal } }),
    ...(body === undefined ? {} : { body: { B: body } }),
  };
}

export function buildPartItem(key: Key, body: Uint8Array, expiresMs: number): Item {
  return { ...key, body: { B: body }, expires: { N: formatSeconds(expiresMs) } };
}

/** DynamoDB's time to live is in seconds (developer guide, "Time to Live"). */
export function formatSeconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}

export type ParsedHead = { readonly head: Head } | { readonly problem: 'damaged' | 'newer' };

export function parseHead(item: Item): ParsedHead {
  const written = StoredHead.shape.layout.safeParse(item['layout']);
  if (written.success && written.data > layout) return { problem: 'newer' };
  const { success, data } = StoredHead.safeParse(item);
  if (!success) return { problem: 'damaged' };
  const { version, write, parts, body, seal, expires } = data;
  return { head: { version, write, parts, body, seal, expiresMs: expires * 1000 } };
}

export function parsePart(item: Item | undefined): Uint8Array | undefined {
  return StoredPart.safeParse(item).data?.body.B;
}

/** The pieces of a body that does not fit into its head; none for one that does. */
export function splitBody(body: Uint8Array): readonly Uint8Array[] {
  if (body.byteLength <= maxBytesPerItem) return [];
  const count = Math.ceil(body.byteLength / maxBytesPerItem);
  return Array.from({ length: count }, (_, index) =>
    body.subarray(index * maxBytesPerItem, (index + 1) * maxBytesPerItem),
  );
}
