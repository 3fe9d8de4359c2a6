/** Calls the HTTP API of a Pushgateway: replaces, removes and lists groups. */
import * as z from 'zod';
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import { createDeadlineError } from '../../../http/transport/convert-error.ts';
import type { HttpRequest, HttpResponse } from '../../../http/port.ts';
import { parseJson } from '../../../http/answers/json.ts';
import { refuseWebPage } from '../../../http/answers/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import { type Deadline, isOver } from '../../../runtime/deadline.ts';
import type { SinkPorts } from '../../sink.ts';
import type { PushgatewayConfig } from '../config.ts';
import { encodePage } from '../encode/encode-page.ts';
import { type GroupingKey, formatGroupingPath } from '../encode/grouping-path.ts';

/** The Pushgateway's HTTP API, with the credentials of one sink. All methods throw an `HttpError` or a secret's error. */
export interface Gateway {
  /** Replaces all metrics of a group; a page without a part empties it. Resolves with the bytes sent. */
  put(key: GroupingKey, page: AsyncIterable<string>, deadline: Deadline): Promise<number>;
  remove(key: GroupingKey, deadline: Deadline): Promise<void>;
  /** Grouping keys of all groups, those of other programs included. */
  readGroups(deadline: Deadline): Promise<readonly GroupingKey[]>;
}

type Call = Pick<HttpRequest, 'method' | 'headers'> & Partial<Pick<HttpRequest, 'body'>>;

export function createGateway(config: PushgatewayConfig, { http, secrets }: SinkPorts): Gateway {
  const base = config.url.replace(/\/+$/, '');

  async function send(path: string, { headers, ...call }: Call, deadline: Deadline): Promise<HttpResponse> {
    const url = new URL(base + path);
    const response = await sendWithCredentials(config, { secrets }, deadline.signal, (credentials) =>
      http.send({
        ...call,
        ...credentials,
        headers: { ...headers, ...credentials.headers },
        url,
        signal: deadline.signal,
        remainingMs: () => deadline.remainingMs(),
      }),
    );
    refuseWebPage(response, whereOf(call.method, url));
    return response;
  }

  return {
    async put(key, page, deadline) {
      const path = formatGroupingPath(key);
      const where = whereOf('PUT', new URL(base + path));
      const { body, headers } = await encodePage(takeUntilOver(page, deadline, where));
      await send(path, { method: 'PUT', headers, body }, deadline);
      return body.byteLength;
    },
    async remove(key, deadline) {
      await send(formatGroupingPath(key), { method: 'DELETE', headers: {} }, deadline);
    },
    async readGroups(deadline) {
      const path = '/api/v1/metrics';
      const response = await send(path, { method: 'GET', headers: { accept: 'application/json' } }, deadline);
      const { data } = parseJson(whereOf('GET', new URL(base + path)), response, GroupList);
      return data.map(({ labels }) => labels);
    },
  };
}

/** A page replaces a group as a whole, so half of it would take the other half away: it is given up, and the old one stays. */
async function* takeUntilOver(page: AsyncIterable<string>, deadline: Deadline, where: string): AsyncGenerator<string> {
  for await (const chunk of page) {
    if (isOver(deadline)) throw createDeadlineError(where, deadline.signal);
    yield chunk;
  }
}

/** `GET /api/v1/metrics`: each group with its labels, and its metrics, which are not needed. */
const GroupList = z.object({ data: z.array(z.object({ labels: z.record(z.string(), z.string()) })) });
