/** Posts a compressed body of JSON to an API that knows its customers by a key in a header. */
import { sendWithApiKey } from '../../http/auth/api-key.ts';
import { sendWithCredentials } from '../../http/auth/credentials.ts';
import { parseRefusalWords } from '../../http/answers/refusal-text.ts';
import type { HttpPort, HttpRequest, HttpResponse } from '../../http/port.ts';
import type { Deadline } from '../../runtime/deadline.ts';

export interface KeyedApi {
  readonly http: HttpPort;
  readonly secrets: Parameters<typeof sendWithApiKey>[1];
  readonly deadline: Deadline;
  readonly apiKey: Parameters<typeof sendWithApiKey>[0];
  readonly tls: Parameters<typeof sendWithCredentials>[0]['tls'];
  /** Of an answer; what is longer is none of the API. */
  readonly maxAnswerBytes: number;
}

export interface KeyedRequest {
  readonly url: URL;
  readonly body: Uint8Array;
  readonly encoding: 'gzip' | 'deflate';
  /** Whether something in it would be there twice if it came twice: an increase, an event. A level is the same level. */
  readonly countsTwice: boolean;
  readonly undoneStatuses: readonly number[];
  readonly retryStatuses?: HttpRequest['retryStatuses'];
}

/** @throws as `HttpPort.send` does. */
export async function postWithKey(api: KeyedApi, request: KeyedRequest): Promise<HttpResponse> {
  const { http, secrets, deadline, apiKey, tls, maxAnswerBytes } = api;
  const { url, body, encoding, countsTwice, undoneStatuses, retryStatuses = [] } = request;
  const { signal } = deadline;
  const fixed = {
    'content-type': 'application/json',
    'content-encoding': encoding,
    // A connection that was kept may have died while the function was frozen, and the write that finds out is a lost
    // answer: what must not be sent twice travels on fresh ones.
    ...(countsTwice ? { connection: 'close' } : {}),
  };
  return await sendWithCredentials({ tls }, { secrets }, signal, (credentials) =>
    sendWithApiKey(apiKey, secrets, signal, (key) =>
      http.send({
        method: 'POST',
        url,
        ...credentials,
        headers: { ...key, ...fixed },
        body,
        signal,
        remainingMs: () => deadline.remainingMs(),
        idempotent: !countsTwice,
        retryStatuses,
        undoneStatuses,
        parseRefusalText: parseRefusalWords,
        maxResponseBytes: maxAnswerBytes,
      }),
    ),
  );
}
