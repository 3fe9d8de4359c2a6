/** What the two stores of secrets in AWS share: a client for each Region, and reads in as few calls as allowed. */
import type { AwsAgents } from '../../runtime/aws-agents.ts';
import { findArnRegion } from '../arn.ts';
import { splitChunks } from '../../model/lists/split-chunks.ts';
import type { ReadOutcome, SecretStore } from './secret-store.ts';

/** A healthy answer takes milliseconds; a hanging endpoint (a VPC without a route) must leave time for the rest. */
const timeouts = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

export type ReadOutcomes = readonly (readonly [string, ReadOutcome])[];

export interface RegionalReading<Reader> {
  /** Most ids that one call takes. */
  readonly idsPerCall: number;
  /** Makes the client of a Region; loads the SDK. */
  readonly openReader: (settings: ClientSettings) => Promise<Reader>;
  /** Outcomes of at most `idsPerCall` ids; never rejects but where no reader can be opened. */
  readonly readChunk: (reader: Reader, ids: readonly string[], signal: AbortSignal) => Promise<ReadOutcomes>;
}

/** What a client is given, unless its own configuration says otherwise. */
export interface ClientSettings {
  readonly requestHandler: typeof timeouts & Partial<AwsAgents>;
  /** Absent for names, which lie in the Region of the process. */
  readonly region?: string;
}

/** A store by name or ARN; a client is made for the first id of its Region. */
export function createRegionalStore<Reader>(
  { idsPerCall, openReader, readChunk }: RegionalReading<Reader>,
  agents: AwsAgents | undefined,
): SecretStore {
  const readers = new Map<string, Promise<Reader>>();

  function ensureReader(region: string): Promise<Reader> {
    const requestHandler = { ...timeouts, ...agents };
    const reader = readers.get(region) ?? openReader({ requestHandler, ...(region === '' ? {} : { region }) });
    readers.set(region, reader);
    return reader;
  }

  return {
    async read(ids, signal) {
      const chunks = [...Map.groupBy(ids, (id) => findArnRegion(id) ?? '')].flatMap(([region, inRegion]) =>
        splitChunks(inRegion, idsPerCall).map(async (chunk) => readChunk(await ensureReader(region), chunk, signal)),
      );
      return new Map((await Promise.all(chunks)).flat());
    },
  };
}
