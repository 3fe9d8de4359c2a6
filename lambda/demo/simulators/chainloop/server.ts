/** Starts the simulated Chainloop: a control plane on loopback. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../../../runtime/clock.ts';
import { closeServer, listenOnLoopback, stampDates } from '../loopback.ts';
import type { Attestations } from './attestations.ts';
import type { Served } from './credentials.ts';
import { type HttpReply, type Received, replyTo, type Scenario } from './replies.ts';
import type { Records } from './records.ts';

interface ServerSettings {
  readonly clock: Clock;
  /** Default: a free one. */
  readonly port?: number;
}

/** A living organization, or records that stand still. */
export type ChainloopServerOptions = ServerSettings &
  (
    | { readonly attestations: Attestations }
    | ({ readonly records: () => Records } & Pick<Served, 'apiToken' | 'refusals' | 'user'>)
  );

export interface ReceivedCall extends Received {
  readonly atMs: number;
}

export interface ChainloopServer {
  /** The `url` of a configuration. */
  readonly url: string;
  /** The latest requests, oldest first. */
  readonly requests: readonly ReceivedCall[];
  /** From now on it answers like this. */
  playScenario(name: Scenario): void;
  close(): Promise<void>;
}

/** Only the latest requests are kept, because a demo may run for days. */
const keptRequests = 1000;

/** A control plane on loopback: the lists over gRPC-Web, and the metrics page of its organization. */
export async function startChainloopServer(options: ChainloopServerOptions): Promise<ChainloopServer> {
  const { clock, port = 0 } = options;
  const requests: ReceivedCall[] = [];
  let scenario: Scenario = 'ok';
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const received = { ...mapReceived(request), body, atMs: clock() };
      requests.push(received);
      if (requests.length > keptRequests) requests.shift();
      send(response, replyTo(received, getServed(options), scenario, clock()));
    });
  });
  stampDates(server, clock);
  const url = await listenOnLoopback(server, port);
  return {
    url,
    requests,
    playScenario: (name) => {
      scenario = name;
    },
    close: () => closeServer(server),
  };
}

function getServed(options: ChainloopServerOptions): Served {
  if ('records' in options) return { ...options, records: options.records() };
  const { attestations, clock } = options;
  attestations.advance(clock());
  return { records: attestations.records(), apiToken: attestations.apiToken };
}

function mapReceived({ method = '', url = '', headers }: IncomingMessage): Omit<Received, 'body'> {
  const { authorization, accept, 'content-type': contentType, 'chainloop-organization': named } = headers;
  const organization = typeof named === 'string' ? named : undefined;
  return { method, path: url, authorization, organization, accept, contentType };
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  } catch {
    // A client that hangs up reads no answer either.
    return Buffer.concat(chunks);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: HttpReply): void {
  response.writeHead(status, headers).end(body);
}
