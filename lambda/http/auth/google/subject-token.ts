/** Signs the request by which Google Cloud asks AWS for the collector's role. */
import { HttpRequest as SignableRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../../runtime/clock.ts';
import type { AwsCredentials } from '../aws-credentials.ts';
import { findAwsDomain } from '../eks-token.ts';
import { createIdentity, Sha256 } from '../sigv4.ts';

export interface SubjectTokenOptions {
  /** Whom the proof is for; it is signed, so that no other audience can use it. */
  readonly audience: string;
  /** AWS Region whose STS Google is to ask. */
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
}

export interface SubjectToken {
  readonly value: string;
  /** Those of its parts that prove something by themselves. */
  readonly secrets: readonly string[];
}

/**
 * GetCallerIdentity, signed and not sent: no right in AWS is needed for it. Google sends it to AWS with exactly the
 * headers that are told here, so there is none that a proxy could change.
 */
export async function signSubjectToken(options: SubjectTokenOptions): Promise<SubjectToken> {
  const { audience, region, credentials, clock } = options;
  // Without a header for the checksum of the body: there is no body, and Google's own libraries send none.
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials: createIdentity(credentials),
    sha256: Sha256,
    applyChecksum: false,
  });
  const host = `sts.${region}.${findAwsDomain(region)}`;
  const signed = await signer.sign(
    new SignableRequest({
      method: 'POST',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host, 'x-goog-cloud-target-resource': audience },
    }),
    { signingDate: new Date(clock()) },
  );
  const headers = Object.entries(signed.headers).map(([key, value]) => ({ key, value }));
  const url = `https://${host}?Action=GetCallerIdentity&Version=2011-06-15`;
  const authorization = signed.headers['authorization'] ?? '';
  const signature = /Signature=([0-9a-f]+)/.exec(authorization)?.[1] ?? '';
  return {
    value: encodeURIComponent(JSON.stringify({ url, method: 'POST', headers })),
    secrets: [signature, signed.headers['x-amz-security-token'] ?? ''].filter((text) => text !== ''),
  };
}
