/** Puts messages on the event bus of the account, from where rules bring them to their receivers. */
import { HttpRequest } from '@smithy/protocol-http';
import * as z from 'zod';
import type { OutgoingRequest } from '../http/port.ts';
import type { AlarmMessage } from './message.ts';
import { messageDetailType, messageSource } from './message-event.ts';

/** PutEvents API reference, Entries. */
const mostEntries = 10;

export interface EventBus {
  readonly url: URL;
  readonly sign: (request: OutgoingRequest) => Promise<OutgoingRequest>;
  /** Sends over the sockets of the AWS SDK. */
  readonly send: (request: HttpRequest) => Promise<{ readonly status: number; readonly body: string }>;
}

const Answer = z.object({
  FailedEntryCount: z.number(),
  Entries: z.array(z.object({ ErrorCode: z.string().optional() })).default([]),
});

/** @throws Error when the bus has not taken a message: the invocation is repeated, and keys make a second one harmless. */
export async function putMessages(messages: readonly AlarmMessage[], bus: EventBus): Promise<void> {
  for (let start = 0; start < messages.length; start += mostEntries)
    await putEntries(messages.slice(start, start + mostEntries), bus);
}

async function putEntries(messages: readonly AlarmMessage[], { url, sign, send }: EventBus): Promise<void> {
  const entries = messages.map((message) => ({
    Source: messageSource,
    DetailType: messageDetailType,
    Detail: JSON.stringify(message),
  }));
  const signed = await sign({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
    body: JSON.stringify({ Entries: entries }),
  });
  const { status, body } = await send(buildRequest(signed));
  if (status !== 200)
    throw new Error(
      `PutEvents was answered with ${String(status)}; look whether the role of the function may call events:PutEvents`,
    );
  const answer = Answer.parse(JSON.parse(body));
  const codes = answer.Entries.flatMap(({ ErrorCode }) => ErrorCode ?? []);
  if (answer.FailedEntryCount > 0)
    throw new Error(`the event bus has not taken ${String(answer.FailedEntryCount)} messages: ${codes.join(', ')}`);
}

function buildRequest({ method, url, headers, body }: OutgoingRequest): HttpRequest {
  const { protocol, hostname, port, pathname: path } = url;
  return new HttpRequest({
    method,
    protocol,
    hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    path,
    headers: { ...headers, host: url.host },
    body,
  });
}
