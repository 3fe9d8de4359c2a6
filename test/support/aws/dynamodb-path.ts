/** The network between a client and a DynamoDB server, with the failures that networks have. */
import { request as httpRequest } from 'node:http';
import * as z from 'zod';
import { inTurn } from './in-turn.ts';
import { type LoopbackServer, startLoopbackServer } from '../network/loopback-server.ts';

export interface DynamoDbCall {
  /** `PutItem`, for instance. */
  readonly operation: string;
  readonly table: string;
  /** `id` and `part` of the item. */
  readonly id: string;
  readonly part: string;
  readonly isConditional: boolean;
  readonly isConsistent: boolean;
}

/** What happens to a call on its way: it arrives, its answer is lost, it is lost itself, or DynamoDB refuses it. */
export type Fate =
  'arrives' | 'loses-answer' | 'is-lost' | 'hangs' | { readonly status: number; readonly type: string };

export interface DynamoDbPath extends AsyncDisposable {
  readonly url: string;
  readonly calls: DynamoDbCall[];
  /** Decides about each call; a test replaces it. */
  fate: (call: DynamoDbCall) => Fate | Promise<Fate>;
}

const Key = z.object({ id: z.object({ S: z.string() }), part: z.object({ S: z.string() }) });
const Body = z.object({
  TableName: z.string(),
  Key: Key.optional(),
  Item: Key.optional(),
  ConditionExpression: z.string().optional(),
  ConsistentRead: z.boolean().optional(),
});

/** The network between a client and a DynamoDB server, with the faults of networks; records what comes through. */
export async function startDynamoDbPath(target: string): Promise<DynamoDbPath> {
  const calls: DynamoDbCall[] = [];
  const oneByOne = inTurn();
  const server: LoopbackServer = await startLoopbackServer((request, response, recorded) => {
    void (async () => {
      const call = callOf(String(recorded.headers['x-amz-target']), recorded.body);
      calls.push(call);
      const fate = await path.fate(call);
      if (fate === 'hangs') return;
      if (fate === 'is-lost') {
        request.socket.destroy();
        return;
      }
      if (typeof fate === 'object') {
        response.writeHead(fate.status, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${fate.type}`, message: 'no' }));
        return;
      }
      const send = () => forward(target, recorded.headers, recorded.body);
      const answer = await (call.isConditional ? oneByOne(send) : send());
      if (fate === 'loses-answer') {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(answer.body);
    })();
  });
  const path: DynamoDbPath = {
    url: server.url,
    calls,
    fate: () => 'arrives',
    [Symbol.asyncDispose]: () => server.close(),
  };
  return path;
}

function callOf(target: string, body: Buffer): DynamoDbCall {
  const {
    TableName,
    Key: key,
    Item: item,
    ConditionExpression,
    ConsistentRead,
  } = Body.parse(JSON.parse(body.toString()));
  const named = key ?? item;
  return {
    operation: target.replace('DynamoDB_20120810.', ''),
    table: TableName,
    id: named?.id.S ?? '',
    part: named?.part.S ?? '',
    isConditional: ConditionExpression !== undefined,
    isConsistent: ConsistentRead === true,
  };
}

function forward(
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const own = new Set(['host', 'connection', 'transfer-encoding']);
    const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name)));
    const request = httpRequest(target, { method: 'POST', headers: rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 500, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
