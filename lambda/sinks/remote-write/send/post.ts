/** Posts one message to the receiver, with the operator's headers and credentials. */
import { compress } from 'snappyjs';
import { type HeaderSettings, sendWithHeaders } from '../../../http/auth/custom-headers.ts';
import { sendWithCredentials } from '../../../http/auth/credentials.ts';
import type { OutgoingRequest } from '../../../http/port.ts';
import { refuseWebPage } from '../../../http/answers/web-page.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import { countRequest, type Traffic } from '../../../series/delivery/traffic.ts';
import type { SinkPorts } from '../../sink.ts';
import type { RemoteWriteConfig } from '../config.ts';
import { protocolHeaders, retriedStatuses, retryAttemptHeader } from './protocol.ts';
import type { Post } from './send-series.ts';

export interface MeteredPost {
  readonly post: Post;
  readonly traffic: Readonly<Traffic>;
}

/** Sends messages to the configured receiver, with everything that the operator asked for, until the deadline. */
export function createPost(config: RemoteWriteConfig, ports: SinkPorts, deadline: Deadline): MeteredPost {
  const { http, secrets, aws, clock } = ports;
  const { signal } = deadline;
  const url = new URL(config.url);
  const traffic: Traffic = { requests: 0, bytes: 0 };
  const where = whereOf('POST', url);
  const post: Post = async (message, version) => {
    const body = compress(message);
    const response = await countRequest(traffic, body.byteLength, () =>
      sendWithHeaders(buildHeaders(config), secrets, signal, (custom) =>
        sendWithCredentials(config, { secrets, signing: { aws, clock, service: 'aps' } }, signal, (credentials) =>
          http.send({
            method: 'POST',
            url,
            headers: { ...custom, ...credentials.headers, ...protocolHeaders[version] },
            body,
            signal,
            remainingMs: () => deadline.remainingMs(),
            // The same bytes a second time are no news to a receiver: same series, same time, same value.
            idempotent: true,
            retryStatuses: retriedStatuses,
            ...(credentials.tls === undefined ? {} : { tls: credentials.tls }),
            prepare: async (request, attempt) => {
              const numbered = addAttempt(request, attempt);
              return credentials.prepare === undefined ? numbered : credentials.prepare(numbered, attempt);
            },
          }),
        ),
      ),
    );
    refuseWebPage(response, where);
    return response;
  };
  return { post, traffic };
}

function addAttempt(request: OutgoingRequest, attempt: number): OutgoingRequest {
  if (attempt === 0) return request;
  return { ...request, headers: { ...request.headers, [retryAttemptHeader]: String(attempt) } };
}

/** The operator's own headers and the tenant. */
function buildHeaders({ headers, tenant }: RemoteWriteConfig): HeaderSettings {
  return tenant === undefined ? headers : { 'x-scope-orgid': tenant, ...headers };
}
