import type { Credentials } from '../../../lambda/http/credentials.ts';
import { ForbiddenRequestError } from '../../../lambda/http/errors.ts';
import type { HttpPort } from '../../../lambda/http/http.ts';
import { getJson } from '../../../lambda/http/json.ts';
import { whereOf } from '../../../lambda/http/where.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import { QueuesPage } from './schema.ts';

/** More than any account has; a server whose pages never end must not use up the run. */
const maxPages = 50;

export interface ListRequest {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly deadline: Deadline;
}

/** The elements of `GET /queues`, page by page, so that what was read before a failure is kept. @throws HttpError */
export async function* listQueues(
  http: HttpPort,
  { endpoint, credentials, deadline }: ListRequest,
): AsyncGenerator<readonly unknown[]> {
  let url: URL | undefined = new URL(`${endpoint.replace(/\/+$/, '')}/queues`);
  for (let page = 0; url !== undefined && page < maxPages; page += 1) {
    const current: URL = url;
    const { value } = await getJson(
      http,
      {
        method: 'GET',
        url: current,
        ...credentials,
        signal: deadline.signal,
        remainingMs: () => deadline.remainingMs(),
      },
      QueuesPage,
    );
    yield value.queues;
    url = value.next === undefined ? undefined : nextPage(value.next, current);
  }
}

/** Within the same origin only: the credentials go with the request. */
function nextPage(next: string, current: URL): URL {
  const url = URL.parse(next, current.href);
  if (url?.origin === current.origin) return url;
  throw new ForbiddenRequestError(
    whereOf('GET', current),
    'the next page is on another server, where the credentials must not go; check endpoint',
  );
}
