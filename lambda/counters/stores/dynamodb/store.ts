/** Keeps state in a table of DynamoDB, for the function. */
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../runtime/clock.ts';
import type { AwsAgents } from '../../../runtime/aws-agents.ts';
import type { SecretMemory } from '../../../secrets/redaction/request-secrets.ts';
import { mapConcurrently } from '../../../runtime/map-concurrently.ts';
import { maxBodyBytes, maxBodyText } from '../body-limit.ts';
import { sealDocument } from '../seal.ts';
import type { Saved, StateStore, StoredDocument } from '../store.ts';
import { packBody, unpackBody } from './body.ts';
import {
  type Head,
  buildHeadItem,
  buildHeadKey,
  maxBytesPerItem,
  maxParts,
  buildPartItem,
  buildPartKey,
  splitBody,
  parseHead,
  parsePart,
  formatSeconds,
} from './items.ts';
import { type Condition, openTable, type Put, type Table } from './table.ts';
import { dayMs } from '../../../model/time.ts';

export interface DynamoDbSettings {
  /** Keys `id` and `part`, both strings; `expires` as the attribute of its time to live. */
  readonly table: string;
  readonly clock: Clock;
  readonly client?: DynamoDBClientConfig;
  /** Learns what the requests are signed with. */
  readonly secrets?: SecretMemory | undefined;
  /** Sockets of the client; default: direct ones. */
  readonly agents?: AwsAgents | undefined;
  /** Unlike any other. */
  readonly newWrite?: () => string;
}

/**
 * A state that was not saved for so long is taken for none, and its items are removed by the table's time to live: that
 * of sources that left the configuration, and parts that a crash left behind. Three times Buildkite's longest job.
 */
export const stateKeptMs = 90 * dayMs;

/** Parts on their way at once; the SDK keeps 50 connections, the function's memory is the limit. */
const partsAtOnce = 4;

/** Each read anew means that another invocation saved in between; more than a few in a row do not happen. */
const maxReads = 4;

/**
 * State in a table of DynamoDB. A document is replaced by one conditional write of its head, which is the moment at
 * which the save happens: its parts are there before, and the parts of its predecessor are removed after it.
 * Not a transaction, which costs twice the write units and takes at most 4 MB.
 */
export function createDynamoDbStateStore({
  table: name,
  clock,
  client = {},
  secrets,
  agents,
  newWrite = randomUUID,
}: DynamoDbSettings): StateStore {
  const table = openTable(name, client, { secrets, agents });
  const known = new Map<string, Head>();

  return {
    async load(id, signal) {
      const loaded = await loadDocument(table, id, clock, signal);
      if (loaded !== undefined) known.set(id, loaded.head);
      return loaded?.document;
    },

    async save(id, { body, before }, signal) {
      if (Buffer.byteLength(body) > maxBodyBytes)
        throw await table.createError('configuration', describeTooLargeUnpacked(id));
      const bytes = await packBody(body);
      const pieces = splitBody(bytes);
      if (pieces.length > maxParts)
        throw await table.createError('configuration', describeTooLarge(id, bytes.byteLength));
      const version = before + 1;
      const head: Head = {
        version,
        write: newWrite(),
        parts: pieces.length,
        body: pieces.length === 0 ? bytes : undefined,
        seal: sealDocument(id, version, body),
        expiresMs: clock() + stateKeptMs,
      };

      await mapConcurrently([...pieces.entries()], partsAtOnce, ([index, piece]) =>
        table.put(buildPartItem(buildPartKey(id, head.write, index), piece, head.expiresMs), signal),
      );
      const saved = await replaceHead(table, id, head, clock(), signal);

      const replaced = known.get(id);
      known.delete(id);
      if (saved === 'overtaken') await removeParts(table, id, head, signal);
      else if (replaced?.version === before) await removeParts(table, id, replaced, signal);
      if (saved === 'saved') known.set(id, head);
      return saved;
    },
  };
}

interface Loaded {
  readonly document: StoredDocument;
  /** Without its body. */
  readonly head: Head;
}

async function loadDocument(table: Table, id: string, clock: Clock, signal: AbortSignal): Promise<Loaded | undefined> {
  let incomplete: string | undefined;
  for (let read = 0; read < maxReads; read += 1) {
    const head = await readLiveHead(table, id, clock, signal);
    if (head === undefined) return undefined;
    const bytes = head.body ?? (await readParts(table, id, head, signal));
    if (bytes !== undefined) {
      const body = await unpackSealed(table, id, head, bytes);
      return { document: { version: head.version, body }, head: { ...head, body: undefined } };
    }
    // A save that overtook this read has removed the parts; a head that stays the same has lost them.
    if (incomplete === head.write) throw await table.createError('bad-response', describeDamage(id));
    incomplete = head.write;
  }
  throw await table.createError(
    'unavailable',
    `was saved to again during each of ${String(maxReads)} reads of "${id}"`,
  );
}

/** The body of a document, if it is the one that was saved. */
async function unpackSealed(table: Table, id: string, { version, seal }: Head, bytes: Uint8Array): Promise<string> {
  const opened = await unpackBody(bytes);
  if ('problem' in opened) {
    throw await table.createError(
      'bad-response',
      opened.problem === 'damaged' ? describeDamage(id) : describeTooLargeToRead(id),
    );
  }
  const { body } = opened;
  if (seal !== undefined && seal !== sealDocument(id, version, body))
    throw await table.createError('bad-response', describeChange(id));
  return body;
}

async function readLiveHead(table: Table, id: string, clock: Clock, signal: AbortSignal): Promise<Head | undefined> {
  const item = await table.get(buildHeadKey(id), signal);
  if (item === undefined) return undefined;
  const reading = parseHead(item);
  if ('head' in reading) return reading.head.expiresMs > clock() ? reading.head : undefined;
  throw await (reading.problem === 'newer'
    ? table.createError(
        'configuration',
        `holds "${id}" as a newer version of the collector wrote it; deploy that one again`,
      )
    : table.createError('bad-response', describeDamage(id)));
}

/** Undefined when a part is gone. */
async function readParts(table: Table, id: string, head: Head, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const indexes = Array.from({ length: head.parts }, (_, index) => index);
  const parts = await mapConcurrently(indexes, partsAtOnce, async (index) =>
    parsePart(await table.get(buildPartKey(id, head.write, index), signal)),
  );
  const found = parts.filter((part) => part !== undefined);
  return found.length === head.parts && found.length > 0 ? Buffer.concat(found) : undefined;
}

async function replaceHead(table: Table, id: string, head: Head, nowMs: number, signal: AbortSignal): Promise<Saved> {
  const put = await table.putIf(buildHeadItem(id, head), buildCondition(head.version - 1, nowMs), signal);
  return put.outcome === 'written' || (await isOwn(table, id, head, put, signal)) ? 'saved' : 'overtaken';
}

/** A head that ran out is still there for up to some days (developer guide, "Time to Live"). */
function buildCondition(before: number, nowMs: number): Condition {
  return before === 0
    ? { expression: 'attribute_not_exists(id) OR expires <= :now', values: { ':now': { N: formatSeconds(nowMs) } } }
    : { expression: 'version = :before', values: { ':before': { N: String(before) } } };
}

/** The SDK sends again when an answer was lost, and the second request then finds what the first has written. */
async function isOwn(
  table: Table,
  id: string,
  { write }: Head,
  put: Extract<Put, { outcome: 'refused' }>,
  signal: AbortSignal,
): Promise<boolean> {
  const found = put.found ?? (await table.get(buildHeadKey(id), signal));
  const reading = found === undefined ? undefined : parseHead(found);
  return reading !== undefined && 'head' in reading && reading.head.write === write;
}

/** Parts that stay behind because this failed, or because the process ended before, are removed by the time to live. */
async function removeParts(table: Table, id: string, { write, parts }: Head, signal: AbortSignal): Promise<void> {
  const keys = Array.from({ length: parts }, (_, index) => buildPartKey(id, write, index));
  await Promise.allSettled(keys.map((key) => table.remove(key, signal)));
}

function describeTooLarge(id: string, bytes: number): string {
  const limit = (maxParts * maxBytesPerItem) / 1024 / 1024;
  return `does not take "${id}": ${String(bytes)} bytes compressed, above ${limit.toFixed(0)} MiB; narrow the source's pipelines or split it in two`;
}

function describeTooLargeUnpacked(id: string): string {
  return `does not take "${id}": above ${maxBodyText}; narrow the source's pipelines or split it in two`;
}

function describeDamage(id: string): string {
  return `holds a damaged state of "${id}"; ${describeRemedy(id)}`;
}

function describeChange(id: string): string {
  return `holds a state of "${id}" that does not fit its checksum: somebody has changed it by hand; ${describeRemedy(id)}`;
}

function describeTooLargeToRead(id: string): string {
  return `holds more than ${maxBodyText} for "${id}", and no state has so much: it was not read; ${describeRemedy(id)}`;
}

function describeRemedy(id: string): string {
  return `restore the table to a point in time, or delete the item with id "${id}" to begin to count anew`;
}
