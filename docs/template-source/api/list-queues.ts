/** Lists the queues of the API, page after page, within one server and a bound of pages. */
import type { Credentials } from '../../../lambda/http/auth/credentials.ts';
import type { HttpPort } from '../../../lambda/http/port.ts';
import { readJson } from '../../../lambda/http/answers/json.ts';
import { resolveNextPage } from '../../../lambda/http/answers/paginate.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import { QueuesPage } from './schema.ts';

/** More than any account has; a server whose pages never end must not use up the run. */
export const maxPages = 50;

export interface ListRequest {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly deadline: Deadline;
}

export interface Page {
  /** Elements as they came. */
  readonly elements: readonly unknown[];
  /** True of the last page that may be read, where the server has more. */
  readonly isCutShort: boolean;
}

/** The pages of `GET /queues`, one after another, so that what was read before a failure is kept. @throws HttpError */
export async function* listQueues(http: HttpPort, { endpoint, ...list }: ListRequest): AsyncGenerator<Page> {
  let url: URL | undefined = new URL(`${endpoint.replace(/\/+$/, '')}/queues`);
  for (let page = 1; url !== undefined; page += 1) {
    const { queues, next } = await readPage(http, url, list);
    const isCutShort = next !== undefined && page === maxPages;
    yield { elements: queues, isCutShort };
    url = isCutShort ? undefined : resolveNextPage(next, url);
  }
}

async function readPage(http: HttpPort, url: URL, { credentials, deadline }: Omit<ListRequest, 'endpoint'>) {
  const { signal } = deadline;
  const request = { method: 'GET', url, ...credentials, signal, remainingMs: () => deadline.remainingMs() } as const;
  const { value } = await readJson(http, request, QueuesPage);
  return value;
}
