/** Sends one request to the API, with a token, and tries again where the server asks for it. */
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import type { HttpResponse } from '../../../http/port.ts';
import { refuseWebPage } from '../../../http/answers/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { maxAnswerBytes } from '../limits.ts';
import type { Collection, Setup } from '../setup.ts';
import { type Refusal, parseRefusal } from './parse-answer.ts';

/** What is found out about one request besides its answer. */
export interface Attempts {
  /** Whether the request was sent again after an attempt whose answer was lost, or no answer of the API. */
  isRepeated: boolean;
  /** Of the last refusal. */
  refusal: Refusal | undefined;
}

/** Sends JSON. @throws as `HttpPort.send` does, and SecretUnavailableError */
export type Post = (collection: Collection, body: Uint8Array | string, attempts: Attempts) => Promise<HttpResponse>;

export function createPost({ config, ports, tokens, buildAddress }: Setup, deadline: Deadline): Post {
  const { http, secrets } = ports;
  const waiting = { signal: deadline.signal, remainingMs: () => deadline.remainingMs() };
  return async (collection, body, attempts) => {
    const url = buildAddress(collection);
    const answer = await sendWithCredentials({ tls: config.tls }, { secrets }, deadline.signal, ({ tls }) =>
      tokens.sendWithToken(waiting, (authorization) =>
        http.send({
          method: 'POST',
          url,
          headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
          body,
          ...waiting,
          // A point that came already is refused as one, and a descriptor is put in place of itself.
          idempotent: true,
          maxResponseBytes: maxAnswerBytes,
          parseRefusalText: (refused) => {
            attempts.refusal = parseRefusal(refused);
            return attempts.refusal?.message;
          },
          prepare: (request, attempt) => {
            attempts.isRepeated ||= attempt > 0;
            return request;
          },
          ...(tls === undefined ? {} : { tls }),
        }),
      ),
    );
    refuseWebPage(answer, whereOf('POST', url));
    return answer;
  };
}
