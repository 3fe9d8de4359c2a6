/** Makes the bearer token of an EKS cluster from AWS credentials. */
import { HttpRequest as SignableRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../runtime/clock.ts';
import type { AwsCredentials } from './aws-credentials.ts';
import { createIdentity, Sha256 } from './sigv4.ts';

export interface EksTokenOptions {
  /** Name of the cluster, not its ARN: the verifier compares it with the signed `x-k8s-aws-id`. */
  readonly cluster: string;
  /** AWS Region of the cluster. */
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
}

/**
 * Validity of the URL that is in the token. The verifier takes 0 to 900 and lets every token live for 15 minutes after
 * its date, whatever it says here (aws-iam-authenticator, pkg/token); 60 is what its own clients send.
 */
const expirySeconds = 60;

/**
 * The bearer token of an EKS cluster: a presigned STS GetCallerIdentity. The verifier refuses any other parameter in
 * the query, so nothing but the algorithm's own may be added. No IAM permission is needed for it.
 */
export async function signEksToken({ cluster, region, credentials, clock }: EksTokenOptions): Promise<string> {
  const signer = new SignatureV4({ service: 'sts', region, credentials: createIdentity(credentials), sha256: Sha256 });
  const hostname = `sts.${region}.${findAwsDomain(region)}`;
  const signed = await signer.presign(
    new SignableRequest({
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, 'x-k8s-aws-id': cluster },
    }),
    { expiresIn: expirySeconds, signingDate: new Date(clock()) },
  );
  const url = `https://${hostname}/?${formatQuery(signed.query ?? {})}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

/** The domain of AWS services in the partition of a Region. */
export function findAwsDomain(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

function formatQuery(query: Readonly<Record<string, string | readonly string[] | null>>): string {
  const names = Object.keys(query).sort((a, b) => rankName(a) - rankName(b) || (a < b ? -1 : 1));
  return names
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent([query[name] ?? ''].flat().join())}`)
    .join('&');
}

/** The signature stands last, as in every presigned URL. */
function rankName(name: string): number {
  return name === 'X-Amz-Signature' ? 1 : 0;
}
