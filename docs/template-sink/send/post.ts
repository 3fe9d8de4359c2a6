/** Sends one request and finds out what became of it; this is the only file that knows the backend's answers. */
import { sendWithCredentials } from '../../../lambda/http/auth/credentials.ts';
import { parseRefusalWords } from '../../../lambda/http/answers/refusal-text.ts';
import { refuseWebPage } from '../../../lambda/http/answers/web-page.ts';
import { whereOf } from '../../../lambda/http/where.ts';
import type { Deadline } from '../../../lambda/runtime/deadline.ts';
import { type Fate, settle, type Statuses } from '../../../lambda/series/delivery/fate.ts';
import type { SinkPorts } from '../../../lambda/sinks/sink.ts';
import type { ExampleConfig } from '../config.ts';
import { isAddedUp } from '../encode/encode-points.ts';
import type { PointsRequest } from '../encode/split-requests.ts';

export type Post = (request: PointsRequest) => Promise<Fate>;

/** API reference of the example: nothing of a request is stored unless it is answered 2xx; 500, 502 and 504 may come late. */
const statuses: Statuses = {
  refusals: new Set([400, 413]),
  undone: [429, 503],
  hints: {
    400: 'the backend does not take a name or value; rename it in the CI system, or leave it out with `metrics.exclude`',
    413: 'the request is too large for the server or a proxy before it; raise the limit there',
  },
};

/** Never rejects but for a bug. */
export function createPost(config: ExampleConfig, { http, secrets }: SinkPorts, deadline: Deadline): Post {
  const url = new URL(config.url);
  const where = `example/${config.name}`;
  const target = whereOf('POST', url);
  const { signal } = deadline;
  return ({ items, body }) =>
    settle({ signal, where, target, statuses }, async () => {
      const response = await sendWithCredentials(config, { secrets }, signal, (credentials) =>
        http.send({
          method: 'POST',
          url,
          ...credentials,
          headers: { ...credentials.headers, 'content-type': 'application/json' },
          body,
          signal,
          remainingMs: () => deadline.remainingMs(),
          // A level that comes twice is the same level; an increase would count twice.
          idempotent: !items.some(isAddedUp),
          undoneStatuses: statuses.undone,
          parseRefusalText: parseRefusalWords,
        }),
      );
      refuseWebPage(response, target);
      return { outcome: 'stored' };
    });
}
