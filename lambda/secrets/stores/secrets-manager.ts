/** Reads secrets from AWS Secrets Manager. */
import type * as SecretsManagerSdk from '@aws-sdk/client-secrets-manager';
import type {
  GetSecretValueResponse,
  SecretsManagerClient,
  SecretsManagerClientConfig,
  SecretValueEntry,
} from '@aws-sdk/client-secrets-manager';
import type { AwsAgents } from '../../runtime/aws-agents.ts';
import { interpretAwsError, isTransient } from './aws-errors.ts';
import type { SecretMemory } from '../redaction/request-secrets.ts';
import { beforeEachSending, createRememberingMiddleware } from '../redaction/sdk-requests.ts';
import { type ClientSettings, createRegionalStore, type RegionalReading } from './regional-store.ts';
import { failRead, decodeText, type ReadOutcome, type SecretStore } from './secret-store.ts';

/** BatchGetSecretValue refuses more (API reference, SecretIdList). */
const maxSecretsPerBatch = 20;

interface Reader {
  readonly client: SecretsManagerClient;
  readonly sdk: typeof SecretsManagerSdk;
}

/** AWS Secrets Manager, by name or ARN; the SDK is loaded when the first secret is read. */
export function createSecretsManagerStore(
  config: SecretsManagerClientConfig = {},
  memory?: SecretMemory,
  agents?: AwsAgents,
): SecretStore {
  // A role may lack this one right, which cannot be narrowed to a secret; asking again each time would cost a call.
  let isBatchAllowed = true;

  const openReader = async ({ requestHandler, ...inRegion }: ClientSettings): Promise<Reader> => {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    const client = new sdk.SecretsManagerClient({ requestHandler, ...config, ...inRegion });
    client.middlewareStack.add(createRememberingMiddleware(memory), beforeEachSending);
    return { client, sdk };
  };

  const readChunk: RegionalReading<Reader>['readChunk'] = async (reader, ids, signal) => {
    const together = ids.length > 1 && isBatchAllowed ? await readBatch(reader, ids, signal) : nothingYet;
    if (together.isDenied) isBatchAllowed = false;
    const rest = ids.filter((id) => !together.outcomes.has(id));
    const single = await Promise.all(rest.map(async (id) => [id, await readOne(reader, id, signal)] as const));
    return [...together.outcomes, ...single];
  };

  return createRegionalStore({ idsPerCall: maxSecretsPerBatch, openReader, readChunk }, agents);
}

interface BatchOutcome {
  /** Ids that need no read of their own any more. */
  readonly outcomes: ReadonlyMap<string, ReadOutcome>;
  readonly isDenied: boolean;
}

const nothingYet: BatchOutcome = { outcomes: new Map(), isDenied: false };

/** One call for many; an id that the answer leaves out or calls failed is read by itself for its exact reason. */
async function readBatch({ client, sdk }: Reader, ids: readonly string[], signal: AbortSignal): Promise<BatchOutcome> {
  try {
    const command = new sdk.BatchGetSecretValueCommand({ SecretIdList: [...ids] });
    const { SecretValues = [] } = await client.send(command, { abortSignal: signal });
    const found = ids.flatMap((id) => {
      const entry = SecretValues.find((value) => isNamed(id, value));
      return entry === undefined ? [] : [[id, interpretEntry(entry)] as const];
    });
    return { outcomes: new Map(found), isDenied: false };
  } catch (error) {
    const outcome = interpretAwsError(error, signal);
    // The SDK has already retried: twenty single reads would only add to an overload.
    if (isTransient(outcome)) return { outcomes: new Map(ids.map((id) => [id, outcome])), isDenied: false };
    return { outcomes: new Map(), isDenied: 'problem' in outcome && outcome.problem.reason === 'denied' };
  }
}

async function readOne({ client, sdk }: Reader, id: string, signal: AbortSignal): Promise<ReadOutcome> {
  try {
    return interpretEntry(await client.send(new sdk.GetSecretValueCommand({ SecretId: id }), { abortSignal: signal }));
  } catch (error) {
    return interpretAwsError(error, signal);
  }
}

/** A secret is asked for by name, by ARN, or by its ARN without the six random characters at the end. */
function isNamed(id: string, { ARN: arn, Name: name }: SecretValueEntry): boolean {
  return id === name || id === arn || (id.startsWith('arn:') && arn?.replace(/-[A-Za-z0-9]{6}$/, '') === id);
}

function interpretEntry({
  SecretString: text,
  SecretBinary: bytes,
}: SecretValueEntry | GetSecretValueResponse): ReadOutcome {
  if (text !== undefined) return { text };
  // The SDK has already taken the base64 of the wire off.
  return bytes === undefined ? failRead('no-value') : decodeText(bytes);
}
