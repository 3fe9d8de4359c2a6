/** Reads secrets from AWS Systems Manager Parameter Store. */
import type * as SsmSdk from '@aws-sdk/client-ssm';
import type { Parameter, SSMClient, SSMClientConfig } from '@aws-sdk/client-ssm';
import type { AwsAgents } from '../../runtime/aws-agents.ts';
import { interpretAwsError, isTransient } from './aws-errors.ts';
import type { SecretMemory } from '../redaction/request-secrets.ts';
import { beforeEachSending, createRememberingMiddleware } from '../redaction/sdk-requests.ts';
import { type ClientSettings, createRegionalStore, type ReadOutcomes } from './regional-store.ts';
import { failRead, type ReadOutcome, type SecretStore } from './secret-store.ts';

/** GetParameters refuses more (API reference, Names). */
const maxParametersPerCall = 10;

interface Reader {
  readonly client: SSMClient;
  readonly sdk: typeof SsmSdk;
}

/** AWS Systems Manager Parameter Store, by name or ARN; the SDK is loaded when the first parameter is read. */
export function createParameterStore(
  config: SSMClientConfig = {},
  memory?: SecretMemory,
  agents?: AwsAgents,
): SecretStore {
  const openReader = async ({ requestHandler, ...inRegion }: ClientSettings): Promise<Reader> => {
    const sdk = await import('@aws-sdk/client-ssm');
    const client = new sdk.SSMClient({ requestHandler, ...config, ...inRegion });
    client.middlewareStack.add(createRememberingMiddleware(memory), beforeEachSending);
    return { client, sdk };
  };
  return createRegionalStore({ idsPerCall: maxParametersPerCall, openReader, readChunk }, agents);
}

async function readChunk(reader: Reader, ids: readonly string[], signal: AbortSignal): Promise<ReadOutcomes> {
  const { client, sdk } = reader;
  try {
    const command = new sdk.GetParametersCommand({ Names: [...ids], WithDecryption: true });
    const { Parameters = [] } = await client.send(command, { abortSignal: signal });
    return ids.map((id) => [id, interpretParameter(Parameters.find((parameter) => isNamed(id, parameter)))]);
  } catch (error) {
    const outcome = interpretAwsError(error, signal);
    if (ids.length === 1 || isTransient(outcome)) return ids.map((id) => [id, outcome]);
    // One parameter that the role may not read fails the whole call: apart, the others are read.
    return (await Promise.all(ids.map((id) => readChunk(reader, [id], signal)))).flat();
  }
}

function isNamed(id: string, { Name: name, ARN: arn }: Parameter): boolean {
  return id === name || id === arn;
}

/** Names that do not exist stand in `InvalidParameters`, which is all that is left out of `Parameters`. */
function interpretParameter(parameter: Parameter | undefined): ReadOutcome {
  if (parameter === undefined) return failRead('not-found');
  return parameter.Value === undefined ? failRead('no-value') : { text: parameter.Value };
}
