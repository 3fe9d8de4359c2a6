/** Receives over HTTP: a backend's own way to read and answer requests, and the ways in which any of them fails. */
import type { ServerResponse } from 'node:http';
import { type RecordedRequest, startLoopbackServer } from '../../support/network/loopback-server.ts';
import type { ReceivedRequest, ReceivedValue, ReceiverFault, StartReceiver } from './facts.ts';

export interface DecodedRequest {
  readonly values: readonly ReceivedValue[];
  readonly replaces?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of the values of the request, those that are kept. */
  readonly stored: readonly ReceivedValue[];
}

export interface HttpBackend {
  /** Undefined for a request that brings no figures, such as one that asks for something. */
  readonly decode: (request: RecordedRequest) => DecodedRequest | undefined;
  /** What it answers when it does not take `refused`, which is empty for a good request. */
  readonly answer: (values: readonly ReceivedValue[], refused: readonly ReceivedValue[]) => HttpAnswer;
  /** The body of an answer to what brings no figures. */
  readonly otherwise?: string;
}

/** Often enough that no pause between two bytes is suspicious. */
const dripMs = 20;

export function receiveHttp(backend: HttpBackend): StartReceiver {
  return async ({ refuses = () => false, fault: behaves, odd }) => {
    const received: ReceivedRequest[] = [];
    const server = await startLoopbackServer((_request, response, recorded) => {
      const decoded = backend.decode(recorded);
      const fault = typeof behaves === 'function' ? decoded && behaves() : behaves;
      if (fault !== undefined) {
        if (decoded !== undefined) received.push(afterFault(decoded, recorded, fault));
        failWith(fault, response);
        return;
      }
      if (decoded === undefined) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(backend.otherwise ?? '{}');
        return;
      }
      if (odd !== undefined) {
        const stored = odd.isStored ? decoded.values : [];
        received.push({ ...decoded, bytes: recorded.body.byteLength, stored, isConfirmed: false });
        odd.respond(backend.answer(decoded.values, []), response);
        return;
      }
      const { status, headers, body, stored } = backend.answer(decoded.values, decoded.values.filter(refuses));
      received.push({ ...decoded, bytes: recorded.body.byteLength, stored, isConfirmed: true });
      response.writeHead(status, headers).end(body);
    });
    return {
      url: server.url,
      received: () => Promise.resolve([...received]),
      [Symbol.asyncDispose]: server.close,
    };
  };
}

/** Keeps all of a good request and nothing of one with a bad value. */
export function answerAllOrNothing(
  refusal: Omit<HttpAnswer, 'stored'>,
  success: Omit<HttpAnswer, 'stored'>,
): HttpBackend['answer'] {
  return (values, refused) => (refused.length > 0 ? { ...refusal, stored: [] } : { ...success, stored: values });
}

function afterFault(decoded: DecodedRequest, { body }: RecordedRequest, fault: ReceiverFault): ReceivedRequest {
  const isStored = fault === 'answer lost' || fault === 'dripping';
  return { ...decoded, bytes: body.byteLength, stored: isStored ? decoded.values : [], isConfirmed: false, fault };
}

/** What it says when it refuses, throttles or has a fault of its own. */
export const refusalWords = 'not while the moon is up';

const statuses: Partial<Readonly<Record<ReceiverFault, number>>> = { throttled: 429, forbidden: 401, broken: 500 };

function failWith(fault: ReceiverFault, response: ServerResponse): void {
  const status = statuses[fault];
  if (status !== undefined) {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message: refusalWords }));
    return;
  }
  if (fault === 'answer lost') response.destroy();
  if (fault !== 'dripping') return;
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), dripMs);
  response.once('close', () => {
    clearInterval(timer);
  });
}
