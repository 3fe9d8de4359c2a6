/** Tests of the token with which an AWS role enters an EKS cluster. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signEksToken } from '../../../lambda/http/auth/eks-token.ts';

/** The example keys of AWS's documentation; botocore and `aws-iam-authenticator` give the same tokens for them. */
const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const sessionToken = 'IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJ+/=';
const clock = (): number => Date.UTC(2026, 0, 2, 3, 4, 5);

async function urlOf(credentials: object, region = 'us-east-1'): Promise<{ token: string; url: string }> {
  const token = await signEksToken({
    cluster: 'ci-cluster',
    region,
    credentials: () => Promise.resolve({ ...keys, ...credentials }),
    clock,
  });
  return { token, url: Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString() };
}

describe('eksToken', () => {
  it('is the golden vector for keys without a session token', async () => {
    const { token, url } = await urlOf({});

    expect(url).toBe(
      'https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20260102T030405Z' +
        '&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id' +
        '&X-Amz-Signature=0913d4e185802b4594d4f71c7bd7c1618a782b821062d04824575bb69218d79b',
    );
    expect(token).toHaveLength(493);
    expect(sha256(token)).toBe('a8d47dfee3e663553b963891d05a9d82788417248adf249e2c26ab8e4f52faaf');
  });

  it('is the golden vector for a role, whose session token is signed too', async () => {
    const { token, url } = await urlOf({ sessionToken });

    expect(new URL(url).searchParams.get('X-Amz-Signature')).toBe(
      '6cfc90f9a7d88e16d2b897b81e1c4ddcfb55e33ce9a78663e697122c02407d3b',
    );
    expect(token).toHaveLength(635);
    expect(sha256(token)).toBe('39fa5146498c10dcb62c22c03d423f46c17d6c424e9ef5924295308f2df07fe2');
  });

  it('holds only the parameters that the verifier allows, each once', async () => {
    const { url } = await urlOf({ sessionToken });

    const names = [...new URL(url).searchParams.keys()];
    expect(names.toSorted()).toEqual([
      'Action',
      'Version',
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-Security-Token',
      'X-Amz-Signature',
      'X-Amz-SignedHeaders',
    ]);
  });

  it.each([
    ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'sts.us-gov-west-1.amazonaws.com'],
  ])('asks the STS of the partition: %s', async (region, host) => {
    const { url } = await urlOf({}, region);

    expect(new URL(url).host).toBe(host);
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
