/** Finds the address and the certificates of an EKS cluster, by the settings or by eks:DescribeCluster. */
import * as z from 'zod';
import { pickRole } from '../../../http/auth/aws-credentials.ts';
import { ForbiddenRequestError, HttpStatusError } from '../../../http/errors/errors.ts';
import { readJson } from '../../../http/answers/json.ts';
import { whereOf } from '../../../http/where.ts';
import type { Deadline } from '../../../runtime/deadline.ts';
import type { SourcePorts } from '../../source.ts';
import type { Cluster } from '../config.ts';

/** Where the API server of an EKS cluster is. */
export interface EksAddress {
  readonly server: string;
  /** CA certificates in PEM; absent where a public CA signs. */
  readonly ca?: string;
  readonly region: string;
}

const Description = z.object({
  cluster: z.object({ endpoint: z.url(), certificateAuthority: z.object({ data: z.base64() }) }),
});

/** Finds the cluster once a process: by the settings, or by `eks:DescribeCluster`. @throws HttpError */
export function createEksLookup(
  eks: Extract<Cluster, { eks: unknown }>['eks'],
  ports: SourcePorts,
): (deadline: Deadline) => Promise<EksAddress> {
  let known: Promise<EksAddress> | undefined;
  return async (deadline) => {
    // The lists of a collection ask at the same moment; a failure is asked again by the next one.
    const request = (known ??= locateCluster(eks, ports, deadline));
    try {
      return await request;
    } catch (error) {
      if (known === request) known = undefined;
      throw error;
    }
  };
}

async function locateCluster(
  eks: Extract<Cluster, { eks: unknown }>['eks'],
  ports: SourcePorts,
  deadline: Deadline,
): Promise<EksAddress> {
  const region = resolveRegion(eks, ports);
  const { endpoint, certificateAuthority } = eks;
  if (endpoint === undefined || certificateAuthority === undefined)
    return await describeCluster(eks, region, ports, deadline);
  return { server: endpoint, ca: decodePem(certificateAuthority), region };
}

/** @throws ForbiddenRequestError where neither the settings nor the process tell it. */
export function resolveRegion(
  { name, region }: Extract<Cluster, { eks: unknown }>['eks'],
  { aws }: SourcePorts,
): string {
  const known = region ?? aws.region;
  if (known === undefined) {
    throw new ForbiddenRequestError(`EKS cluster ${name}`, 'its Region is not known; set cluster.eks.region');
  }
  return known;
}

async function describeCluster(
  { name, describeUrl, ...role }: Extract<Cluster, { eks: unknown }>['eks'],
  region: string,
  { http, aws, clock }: SourcePorts,
  deadline: Deadline,
): Promise<EksAddress> {
  // Loaded here, because the signer costs 140 kB that only EKS needs.
  const [{ createSigV4Signer: sigV4 }, { findAwsDomain: domainOf }] = await Promise.all([
    import('../../../http/auth/sigv4.ts'),
    import('../../../http/auth/eks-token.ts'),
  ]);
  const url = new URL(`/clusters/${name}`, describeUrl ?? `https://eks.${region}.${domainOf(region)}`);
  const request = readJson(
    http,
    {
      method: 'GET',
      url,
      headers: {},
      signal: deadline.signal,
      remainingMs: () => deadline.remainingMs(),
      prepare: sigV4({ service: 'eks', region, clock, credentials: () => aws.credentials(pickRole(role)) }),
    },
    Description,
  );
  const { value } = await request.catch((error: unknown) => {
    throw translateRefusal(error, name);
  });
  const server = new URL(value.cluster.endpoint);
  if (server.protocol !== 'https:') throw new ForbiddenRequestError(whereOf('GET', server), 'EKS names no https URL');
  return { server: server.href, ca: decodePem(value.cluster.certificateAuthority.data), region };
}

/** What the API server's own 403 means does not fit the answer of AWS. */
function translateRefusal(error: unknown, name: string): unknown {
  if (!(error instanceof HttpStatusError) || error.status >= 500 || error.status === 429) return error;
  return new ForbiddenRequestError(
    error.where,
    `answered ${String(error.status)}: allow the role eks:DescribeCluster on ${name}, check name and Region, or set endpoint and certificateAuthority`,
  );
}

export function decodePem(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
