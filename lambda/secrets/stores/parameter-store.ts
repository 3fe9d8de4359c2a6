/** Reads secrets from AWS Systems Manager Parameter Store. */
import type * as SsmSdk from '@aws-sdk/client-ssm';
import type { Parameter, SSMClient, SSMClientConfig } from '@aws-sdk/client-ssm';
import type { AwsAgents } from '../../runtime/aws-agents.ts';
import { findArnRegion } from '../arn.ts';
import { interpretAwsError } from './aws-errors.ts';
import type { SecretMemory } from '../redaction/request-secrets.ts';
import { beforeEachSending, createRememberingMiddleware } from '../redaction/sdk-requests.ts';
import { splitChunks, failRead, type ReadOutcome, type SecretStore } from './secret-store.ts';

/** GetParameters refuses more (API reference, Names). */
const maxParametersPerCall = 10;

/** A healthy answer takes milliseconds; a hanging endpoint (a VPC without a route) must leave time for the rest. */
const timeouts = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

interface Reader {
  readonly client: SSMClient;
  readonly sdk: typeof SsmSdk;
}

type Outcomes = readonly (readonly [string, ReadOutcome])[];

/** AWS Systems Manager Parameter Store, by name or ARN; the SDK is loaded when the first parameter is read. */
export function createParameterStore(
  config: SSMClientConfig = {},
  memory?: SecretMemory,
  agents?: AwsAgents,
): SecretStore {
  const readers = new Map<string, Promise<Reader>>();

  function openReader(region: string): Promise<Reader> {
    const known = readers.get(region);
    if (known !== undefined) return known;
    const made = makeReader(
      { ...config, requestHandler: config.requestHandler ?? { ...timeouts, ...agents } },
      region,
      memory,
    );
    readers.set(region, made);
    return made;
  }

  return {
    async read(ids, signal) {
      const chunks = [...Map.groupBy(ids, (id) => findArnRegion(id) ?? '')].flatMap(([region, inRegion]) =>
        splitChunks(inRegion, maxParametersPerCall).map(async (chunk) =>
          readChunk(await openReader(region), chunk, signal),
        ),
      );
      return new Map((await Promise.all(chunks)).flat());
    },
  };
}

async function makeReader(config: SSMClientConfig, region: string, memory: SecretMemory | undefined): Promise<Reader> {
  const sdk = await import('@aws-sdk/client-ssm');
  const client = new sdk.SSMClient({ ...config, ...(region === '' ? {} : { region }) });
  client.middlewareStack.add(createRememberingMiddleware(memory), beforeEachSending);
  return { client, sdk };
}

async function readChunk(reader: Reader, ids: readonly string[], signal: AbortSignal): Promise<Outcomes> {
  const { client, sdk } = reader;
  try {
    const command = new sdk.GetParametersCommand({ Names: [...ids], WithDecryption: true });
    const { Parameters = [] } = await client.send(command, { abortSignal: signal });
    return ids.map((id) => [id, interpretParameter(Parameters.find((parameter) => isNamed(id, parameter)))]);
  } catch (error) {
    const outcome = interpretAwsError(error, signal);
    const isTransient =
      'failure' in outcome && (outcome.failure.reason === 'unavailable' || outcome.failure.reason === 'aborted');
    if (ids.length === 1 || isTransient) return ids.map((id) => [id, outcome]);
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
