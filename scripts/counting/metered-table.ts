/** A DynamoDB table on loopback that meters what it is asked for. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import * as z from 'zod';
import { countReadUnits, countWriteUnits } from '../../lambda/cost/lines/request-units.ts';

/** What the table was asked for since the last time; bytes and units as DynamoDB counts them. */
export interface Metered {
  readonly reads: number;
  readonly readBytes: number;
  readonly readUnits: number;
  readonly writes: number;
  readonly writtenBytes: number;
  readonly deletes: number;
  /** Of writes and deletes. */
  readonly writeUnits: number;
}

export interface MeteredTable extends AsyncDisposable {
  readonly url: string;
  take(): Metered;
}

const Attribute = z.record(z.string(), z.string());
const Item = z.record(z.string(), Attribute);
type Item = z.infer<typeof Item>;
const Request = z.object({ Key: Item.optional(), Item: Item.optional() });

const nothing = { reads: 0, readBytes: 0, readUnits: 0, writes: 0, writtenBytes: 0, deletes: 0, writeUnits: 0 };

/** The three operations that the state store uses, on loopback and in memory; it has one writer, so conditions hold. */
export async function startMeteredTable(): Promise<MeteredTable> {
  const items = new Map<string, Item>();
  let meter = { ...nothing };

  function answer(operation: string, { Key, Item: item }: z.infer<typeof Request>): object {
    const key = keyOf(Key ?? item ?? {});
    const found = items.get(key);
    const foundBytes = found === undefined ? 0 : sizeOf(found);
    if (operation === 'GetItem') {
      meter = {
        ...meter,
        reads: meter.reads + 1,
        readBytes: meter.readBytes + foundBytes,
        readUnits: meter.readUnits + countReadUnits(foundBytes),
      };
      return found === undefined ? {} : { Item: found };
    }
    if (operation === 'DeleteItem') {
      items.delete(key);
      meter = { ...meter, deletes: meter.deletes + 1, writeUnits: meter.writeUnits + countWriteUnits(foundBytes) };
      return {};
    }
    if (operation !== 'PutItem' || item === undefined) throw new RangeError(`${operation} is not part of this table`);
    items.set(key, item);
    const bytes = sizeOf(item);
    meter = {
      ...meter,
      writes: meter.writes + 1,
      writtenBytes: meter.writtenBytes + bytes,
      writeUnits: meter.writeUnits + countWriteUnits(Math.max(bytes, foundBytes)),
    };
    return {};
  }

  const server = createServer((request, response) => {
    void serve(request, response, answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the table has no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    take: () => {
      const taken = meter;
      meter = { ...nothing };
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (operation: string, body: z.infer<typeof Request>) => object,
): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const [, operation = ''] = String(request.headers['x-amz-target']).split('.');
  const body = Request.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(answer(operation, body)));
}

function keyOf({ id, part }: Item): string {
  return `${id?.['S'] ?? ''} ${part?.['S'] ?? ''}`;
}

/** Names and values in UTF-8; numbers take about a byte for two digits (developer guide, "Item sizes and formats"). */
function sizeOf(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);
}

function valueSize({ S = '', N = '', B = '' }: z.infer<typeof Attribute>): number {
  return Buffer.byteLength(S) + Math.ceil(N.length / 2) + Buffer.byteLength(B, 'base64');
}
