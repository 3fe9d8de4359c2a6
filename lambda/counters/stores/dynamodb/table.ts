/** The four operations on the state table, with the SDK loaded at the first of them. */
import type * as DynamoDbSdk from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { SecretMemory } from '../../../secrets/redaction/request-secrets.ts';
import { beforeEachSending, createRememberingMiddleware } from '../../../secrets/redaction/sdk-requests.ts';
import type { AwsAgents } from '../../../runtime/aws-agents.ts';
import { StateStoreError } from '../store.ts';
import { explainTableError } from './explain-error.ts';
import type { Item, Key } from './items.ts';

/**
 * A healthy answer takes milliseconds; a hanging endpoint (a VPC without a route) must leave time for the rest. The SDK
 * sends what failed by throttling, server errors and broken connections twice more, which is safe: every write here is
 * either conditional or makes an item that only its writer knows.
 */
const timeouts = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };
const maxAttempts = 3;

export interface Condition {
  readonly expression: string;
  readonly values: Item;
}

/** `refused` with the item that stood in the way, where the service tells. */
export type Put = { readonly outcome: 'written' } | { readonly outcome: 'refused'; readonly found: Item | undefined };

/** The four operations on the table; every method rejects with a `StateStoreError`. */
export interface Table {
  /** Consistently: what a save that ended has written. */
  get(key: Key, signal: AbortSignal): Promise<Item | undefined>;
  put(item: Item, signal: AbortSignal): Promise<void>;
  putIf(item: Item, condition: Condition, signal: AbortSignal): Promise<Put>;
  remove(key: Key, signal: AbortSignal): Promise<void>;
  /** An error about what the table holds, by its name and Region. */
  createError(kind: StateStoreError['kind'], reason: string): Promise<StateStoreError>;
}

interface Opened {
  readonly sdk: typeof DynamoDbSdk;
  readonly client: DynamoDBClient;
}

/** A table of DynamoDB; the SDK is loaded with the first operation. */
export function openTable(
  name: string,
  config: DynamoDBClientConfig,
  { secrets, agents }: { readonly secrets?: SecretMemory | undefined; readonly agents?: AwsAgents | undefined } = {},
): Table {
  let opening: Promise<Opened> | undefined;

  function open(): Promise<Opened> {
    opening ??= import('@aws-sdk/client-dynamodb').then((sdk) => {
      const client = new sdk.DynamoDBClient({ maxAttempts, requestHandler: { ...timeouts, ...agents }, ...config });
      client.middlewareStack.add(createRememberingMiddleware(secrets), beforeEachSending);
      return { sdk, client };
    });
    return opening;
  }

  async function describeTable(): Promise<string> {
    const region = await open()
      .then(({ client }) => client.config.region())
      .catch(() => 'no Region');
    return `the state table ${name} (${region})`;
  }

  async function use<Result>(signal: AbortSignal, work: (opened: Opened) => Promise<Result>): Promise<Result> {
    try {
      return await work(await open());
    } catch (error) {
      throw explainTableError(await describeTable(), error, signal);
    }
  }

  return {
    get: (key, signal) =>
      use(signal, async ({ sdk, client }) => {
        const command = new sdk.GetItemCommand({ TableName: name, Key: key, ConsistentRead: true });
        return (await client.send(command, { abortSignal: signal })).Item;
      }),
    put: (item, signal) =>
      use(signal, async ({ sdk, client }) => {
        await client.send(new sdk.PutItemCommand({ TableName: name, Item: item }), { abortSignal: signal });
      }),
    putIf: (item, condition, signal) => use(signal, (opened) => putIf(opened, name, item, condition, signal)),
    remove: (key, signal) =>
      use(signal, async ({ sdk, client }) => {
        await client.send(new sdk.DeleteItemCommand({ TableName: name, Key: key }), { abortSignal: signal });
      }),
    createError: async (kind, reason) => new StateStoreError(kind, `${await describeTable()} ${reason}`),
  };
}

async function putIf(
  { sdk, client }: Opened,
  name: string,
  item: Item,
  { expression, values }: Condition,
  signal: AbortSignal,
): Promise<Put> {
  const command = new sdk.PutItemCommand({
    TableName: name,
    Item: item,
    ConditionExpression: expression,
    ExpressionAttributeValues: values,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await client.send(command, { abortSignal: signal });
    return { outcome: 'written' };
  } catch (error) {
    if (error instanceof sdk.ConditionalCheckFailedException) return { outcome: 'refused', found: error.Item };
    throw error;
  }
}
