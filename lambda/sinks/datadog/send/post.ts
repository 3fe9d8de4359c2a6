/** Sends one request and finds out what became of it; with `parse-answer.ts` this is all that knows Datadog's answers. */
import type { HttpResponse } from '../../../http/port.ts';
import { refuseWebPage } from '../../../http/answers/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { type Fate, settle, type Statuses } from '../../../series/delivery/fate.ts';
import { postWithKey } from '../../../series/delivery/post-with-key.ts';
import type { SinkPorts } from '../../sink.ts';
import { resolveBaseUrl, type DatadogConfig } from '../config.ts';
import { isAddedUp } from '../encode/point.ts';
import type { PointsRequest, Route } from '../encode/split-requests.ts';
import { maxAnswerBytes } from '../limits.ts';
import { parseErrors } from './parse-answer.ts';

export type Post = (request: PointsRequest) => Promise<Fate>;

const paths: Readonly<Record<Route, string>> = {
  series: '/api/v2/series',
  distributions: '/api/v1/distribution_points',
};

const encodings = { series: 'gzip', distributions: 'deflate' } as const satisfies Readonly<Record<Route, string>>;

/** Longest part of what Datadog says of errors that a problem repeats. */
const maxServerText = 1024;

/** Never rejects but for a bug. */
export function createPost(config: DatadogConfig, ports: SinkPorts, deadline: Deadline): Post {
  const where = `datadog/${config.name}`;
  const send = createSend(config, ports, deadline);
  return (request) => {
    const url = new URL(`${resolveBaseUrl(config)}${paths[request.route]}`);
    const target = whereOf('POST', url);
    return settle({ signal: deadline.signal, where, target, statuses }, async () => {
      const response = await send(request, url);
      refuseWebPage(response, target);
      return judgeAnswer(response, {
        where: `${where} ${target}`,
        withoutSecrets: (text) => ports.http.withoutSecrets(text),
      });
    });
  };
}

type Send = (request: PointsRequest, url: URL) => Promise<HttpResponse>;

function createSend({ apiKey: key, tls }: DatadogConfig, { http, secrets }: SinkPorts, deadline: Deadline): Send {
  const api = { http, secrets, deadline, apiKey: { header: 'dd-api-key', key }, tls, maxAnswerBytes };
  return ({ route, items, body }, url) =>
    postWithKey(api, {
      ...{ url, body, encoding: encodings[route], countsTwice: items.some(isAddedUp) },
      undoneStatuses: statuses.undone,
    });
}

interface JudgePorts {
  readonly where: string;
  /** Takes secrets out, before a text is cut. */
  readonly withoutSecrets: (text: string) => string;
}

/** Datadog keeps what is good of a request, and does not say which points an error is about. */
function judgeAnswer({ body }: HttpResponse, { where, withoutSecrets }: JudgePorts): Fate {
  const errors = parseErrors(body);
  if (errors === undefined)
    return { outcome: 'unknown', problem: { kind: 'bad-response', where, message: unreadable } };
  if (errors.length === 0) return { outcome: 'stored' };
  const said = withoutSecrets(errors.join('; ')).slice(0, maxServerText).toWellFormed();
  const count = `${String(errors.length)} error${errors.length === 1 ? '' : 's'}`;
  const message = `was taken with ${count}, of which Datadog does not say which points they are about: "${said}"; look at the metric that it names, and leave it out with \`metrics.exclude\``;
  return { outcome: 'unknown', problem: { kind: 'rejected', where, message } };
}

const unreadable =
  'answered with success, but not in the JSON of Datadog: so that nobody knows whether all was stored; check `url`, and proxies on the way';

const statuses: Statuses = {
  // API reference: 400 bad request, 413 payload too large.
  refusals: new Set([400, 413]),
  // RFC 9110: 408, the request did not come in time; 429, too many; 503, the server cannot handle any. Other faults
  // (500, 502, 504) say nothing of what became of the request.
  undone: [408, 429, 503],
  hints: {
    400: 'Datadog does not take a name or value; rename it in the CI system, or leave it out with `metrics.exclude`',
    401: 'the API key is wrong or revoked; put a valid one of this site into the secret',
    403: 'the API key is wrong, revoked, or of another site; put a valid one into the secret, or set `site`',
    404: 'the server knows no such path; check `url`, behind which /api/v2/series and /api/v1/distribution_points are expected',
    408: 'the request did not arrive in time; check the network between here and Datadog',
    413: 'a single point is too large for Datadog or for a proxy before it; raise the limit of the proxy',
    429: 'a limit of the organisation is reached; publish fewer series with `metrics`, or have the limit raised',
  },
};
