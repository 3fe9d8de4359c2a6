/** The network between SDK clients and an AWS server: passes every request on, and records it. */
import { request as httpRequest } from 'node:http';
import { inTurn } from '../support/aws/in-turn.ts';
import { type LoopbackServer, type RecordedRequest, startLoopbackServer } from '../support/network/loopback-server.ts';

/**
 * The network between SDK clients and an AWS server: passes everything on and records it. Writes that the emulators mix
 * up when they come at once are passed on one after the other: moto loses messages' removals.
 */
export function startAwsPath(target: string): Promise<LoopbackServer> {
  const oneByOne = inTurn();
  return startLoopbackServer((_request, response, recorded) => {
    const send = () => forward(target, recorded);
    const isWrite = /\.(?:PutItem|DeleteMessageBatch)$/.test(recorded.headers['x-amz-target'] ?? '');
    (isWrite ? oneByOne(send) : send()).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      () => response.destroy(),
    );
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Of one connection, not of what travels over it. */
const hopByHop: ReadonlySet<string> = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding']);

function forward(target: string, { method, path, headers, body }: RecordedRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
    const request = httpRequest(new URL(path, target), { method, headers: kept }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const type = response.headers['content-type'];
        const answered = type === undefined ? {} : { 'content-type': type };
        resolve({ status: response.statusCode ?? 500, headers: answered, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
