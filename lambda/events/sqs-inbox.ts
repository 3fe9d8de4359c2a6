/** Takes events from a queue of SQS, and removes them once they are saved. */
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { append } from '../model/lists/append.ts';
import { InboxError, type Inbox, type QueuedEvent, type TakenEvents } from './inbox.ts';
import { createInboxError } from './sqs-errors.ts';
import { mapConcurrently } from '../runtime/map-concurrently.ts';
import { splitChunks } from '../model/lists/split-chunks.ts';

/** ReceiveMessage and DeleteMessageBatch take no more (SQS API reference, MaxNumberOfMessages and Entries). */
export const maxMessagesPerRequest = 10;

/** Enough for 5,000 finished jobs a run in a few seconds, and few beside the 120,000 messages that may be in flight. */
export const concurrentRequests = 8;

/** At most 64 KB each as CI systems send them, so this is 128 MB at the very worst; the rest waits for the next run. */
const maxEventsPerRun = 2000;

/** Longer than a run may take: a run that dies gives its events to the run after the next. */
const hiddenSeconds = 300;

export interface SqsInboxOptions {
  readonly client: () => Promise<SQSClient>;
  readonly queueUrl: string;
  /** About how many events one run takes. */
  readonly mostEvents?: number;
}

/** Events in an SQS queue. */
export function createSqsInbox({ client, queueUrl, mostEvents = maxEventsPerRun }: SqsInboxOptions): Inbox {
  return {
    take: async (signal) => {
      const queue = await openQueue(await client(), queueUrl);
      const messages = await convertErrors(queueUrl, signal, () => drain(queue, mostEvents, signal));
      return wrapTaken(messages, mostEvents, (receipts, removing) =>
        convertErrors(queueUrl, removing, () => removeAll(queue, receipts, removing)),
      );
    },
  };
}

interface Queue {
  readonly receive: (signal: AbortSignal) => Promise<readonly Message[]>;
  readonly remove: (receipts: readonly string[], signal: AbortSignal) => Promise<void>;
}

async function openQueue(client: SQSClient, QueueUrl: string): Promise<Queue> {
  const { DeleteMessageBatchCommand, ReceiveMessageCommand } = await import('@aws-sdk/client-sqs');
  return {
    receive: async (abortSignal) => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: maxMessagesPerRequest,
          VisibilityTimeout: hiddenSeconds,
          // Short polling: an empty queue must not cost the run time.
          WaitTimeSeconds: 0,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
        { abortSignal },
      );
      return Messages;
    },
    remove: async (receipts, abortSignal) => {
      const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      // One that is not deleted comes again and is known then; nothing is to be done about it now.
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), { abortSignal });
    },
  };
}

/** Short polling asks a part of SQS's servers, so a worker needs two in a row. */
export const emptyAnswers = 2;

/** Until answers are empty. */
async function drain(queue: Queue, most: number, signal: AbortSignal): Promise<readonly Message[]> {
  const messages: Message[] = [];
  const runWorker = async (): Promise<void> => {
    for (let empty = 0; empty < emptyAnswers && messages.length < most;) {
      const received = await queue.receive(signal);
      empty = received.length === 0 ? empty + 1 : 0;
      append(messages, received);
    }
  };
  await Promise.all(Array.from({ length: concurrentRequests }, runWorker));
  return messages;
}

function wrapTaken(
  messages: readonly Message[],
  most: number,
  remove: (receipts: readonly string[], signal: AbortSignal) => Promise<void>,
): TakenEvents {
  const receipts = messages.flatMap(({ ReceiptHandle }) => ReceiptHandle ?? []);
  return {
    events: messages.map(mapEvent),
    hasMore: messages.length >= most,
    remove: (signal) => remove(receipts, signal),
  };
}

function mapEvent({ Body = '', Attributes = {} }: Message): QueuedEvent {
  return { body: Body, sentMs: Number(Attributes.SentTimestamp ?? 0) };
}

async function removeAll(queue: Queue, receipts: readonly string[], signal: AbortSignal): Promise<void> {
  await mapConcurrently(splitChunks(receipts, maxMessagesPerRequest), concurrentRequests, (batch) =>
    queue.remove(batch, signal),
  );
}

async function convertErrors<Value>(queueUrl: string, signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InboxError) throw error;
    throw createInboxError(error, queueUrl, signal);
  }
}
