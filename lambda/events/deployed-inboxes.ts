/** Connects each source to its deployed queue of events. */
import type { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { AwsAgents } from '../runtime/aws-agents.ts';
import type { SecretMemory } from '../secrets/redaction/request-secrets.ts';
import { beforeEachSending, createRememberingMiddleware } from '../secrets/redaction/sdk-requests.ts';
import type { Inbox } from './inbox.ts';
import { createSqsInbox } from './sqs-inbox.ts';

/** Written by the stack: the URL of each source's queue, by the name of the source. */
const QueueUrls = z.record(z.string(), z.url());

/** The queues of events that were deployed, by the name of their source. The SDK is loaded when the first is read. */
export function createDeployedInboxes(
  queueUrls: string | undefined,
  secrets?: SecretMemory,
  agents?: AwsAgents,
): (source: string) => Inbox | undefined {
  const urls = new Map(Object.entries(queueUrls === undefined ? {} : QueueUrls.parse(JSON.parse(queueUrls))));
  let client: Promise<SQSClient> | undefined;
  const getClient = (): Promise<SQSClient> => (client ??= connect(secrets, agents));
  return (source) => {
    const queueUrl = urls.get(source);
    return queueUrl === undefined ? undefined : createSqsInbox({ client: getClient, queueUrl });
  };
}

async function connect(secrets: SecretMemory | undefined, agents: AwsAgents | undefined): Promise<SQSClient> {
  const sdk = await import('@aws-sdk/client-sqs');
  // The queue is in the function's own Region, and AWS_ENDPOINT_URL is to redirect this client like every other one.
  const client = new sdk.SQSClient({ useQueueUrlAsEndpoint: false, requestHandler: { ...agents } });
  client.middlewareStack.add(createRememberingMiddleware(secrets), beforeEachSending);
  return client;
}
