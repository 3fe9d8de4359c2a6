/** Sends one request and finds out what became of it; with `parse-answer.ts` this is all that knows New Relic's answers. */
import type { HttpResponse } from '../../../http/port.ts';
import type { StatusHints } from '../../../http/errors/problem.ts';
import { refuseWebPage } from '../../../http/answers/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { type Fate, settle, type Statuses } from '../../../series/delivery/fate.ts';
import { postWithKey } from '../../../series/delivery/post-with-key.ts';
import type { SinkPorts } from '../../sink.ts';
import { buildAddress, type NewRelicConfig } from '../config.ts';
import type { Api, ItemsRequest } from '../encode/split-requests.ts';
import { maxAnswerBytes } from '../limits.ts';
import { parseRequestId } from './parse-answer.ts';
import { type Receipts, refusalsQuery } from './receipts.ts';

export type Post = (request: ItemsRequest) => Promise<Fate>;

/** "5xx: there was a server error (please retry)", for what may come twice; 502, 503 and 504 are tried again anyway. */
const retryStatuses: readonly number[] = [500];

export interface PostContext {
  readonly deadline: Deadline;
  readonly receipts: Receipts;
}

/** Never rejects but for a bug. */
export function createPost(config: NewRelicConfig, ports: SinkPorts, { deadline, receipts }: PostContext): Post {
  const where = `new-relic/${config.name}`;
  const send = createSend(config, ports, deadline);
  return (request) => {
    const { api, items } = request;
    const target = whereOf('POST', buildAddress(api, config));
    return settle({ signal: deadline.signal, where, target, statuses: statuses[api] }, async () => {
      const response = await send(request);
      refuseWebPage(response, target);
      const requestId = parseRequestId(api, response.body);
      if (requestId === undefined) {
        const problem = { kind: 'bad-response', where: `${where} ${target}`, message: unreadable } as const;
        return { outcome: 'unknown', problem };
      }
      receipts.note({ api, samples: items.length, requestId });
      return { outcome: 'stored' };
    });
  };
}

type Send = (request: ItemsRequest) => Promise<HttpResponse>;

function createSend(config: NewRelicConfig, { http, secrets }: SinkPorts, deadline: Deadline): Send {
  const { apiKey: key, tls } = config;
  const ofLicense = { http, secrets, deadline, apiKey: { header: 'api-key', key }, tls, maxAnswerBytes };
  return ({ api, items, body }) =>
    postWithKey(ofLicense, {
      ...{ url: buildAddress(api, config), body, encoding: 'gzip', retryStatuses },
      // An increase would count twice, and an event would be two.
      countsTwice: items.some(({ kind }) => kind !== 'level'),
      undoneStatuses: statuses[api].undone,
    });
}

const unreadable =
  'answered with success, and without the number that New Relic gives to what it takes: so that nobody knows whether anything was stored; check `url`, and proxies on the way';

/** What a proxy on the way may answer as well as New Relic, and what the two APIs have in common. */
const commonHints: StatusHints = {
  401: 'a proxy before New Relic wants credentials; check `url`',
  408: 'the request did not arrive in time; check the network between here and New Relic',
  411: 'the length of the body is missing, which a proxy on the way has taken out; make it pass Content-Length on',
  413: 'a single one is too large for New Relic or for a proxy before it; raise the limit of the proxy',
  414: 'the address is too long; check `url`',
  415: 'the type or the compression of the body is not taken, which a proxy on the way may have changed; check `url`',
  429: 'a limit of the account is reached, of points or of requests a minute; publish fewer series with `metrics`, or have the limit raised',
  431: 'the headers are too long; check that the secret holds the key alone',
};

const statusesOfBoth = {
  // Of 400 the structure is invalid, of 413 the size.
  refusals: new Set([400, 413]),
  // 408, the request did not reach it in time; 429, too many; 503, unavailable for the moment. Other faults of its own
  // (500, 502, 504) say nothing of what became of the request.
  undone: [408, 429, 503],
};

const statuses: Readonly<Record<Api, Statuses>> = {
  metrics: {
    ...statusesOfBoth,
    hints: {
      ...commonHints,
      400: `New Relic does not take the structure of the request; leave the metric out with \`metrics.exclude\`, and report it. What it takes and refuses later is found by ${refusalsQuery}`,
      403: 'the key is wrong, revoked or of another account or region, or it is no license key; put a valid one into the secret, or set `region`',
      404: 'the server knows no such path; check `url`, to which /metric/v1 is added',
    },
  },
  events: {
    ...statusesOfBoth,
    hints: {
      ...commonHints,
      400: 'New Relic does not take the events; set `compat: false` to send these figures as metrics, and report it',
      403: 'the key may not write events of this account; set `account` to the account of the license key in the secret, or put a key of that account there, and check `region`',
      404: 'the server knows no such path; check `eventsUrl`, `url` and `account`: /v1/accounts/<account>/events is added',
    },
  },
};
