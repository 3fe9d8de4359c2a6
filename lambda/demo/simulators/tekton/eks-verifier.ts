/** Checks a token for EKS as a real cluster does, for tests of the code that signs it. */
import { createHash, createHmac } from 'node:crypto';
import { minuteMs } from '../../../model/time.ts';

export interface EksIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly cluster: string;
  readonly region: string;
}

const allowed: ReadonlySet<string> = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/** The verifier and STS together live by these (kubernetes-sigs/aws-iam-authenticator, pkg/token). */
const maxTokenLength = 4096;
const maxExpirySeconds = 900;
const tokenLifeMs = 15 * minuteMs;

const basicTime = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Why a cluster would refuse a token, or undefined where it lets it in. Written from the rules of the verifier with
 * plain HMAC, so that it shares nothing with the signer.
 */
export function findTokenProblem(token: string, identity: EksIdentity, nowMs: number): string | undefined {
  if (token.length > maxTokenLength) return 'too long';
  const encoded = /^k8s-aws-v1\.([\w-]+)$/.exec(token)?.[1];
  if (encoded === undefined) return 'not k8s-aws-v1 with base64url without padding';
  const url = URL.parse(Buffer.from(encoded, 'base64url').toString());
  if (url?.protocol !== 'https:' || url.pathname !== '/') return 'not an https URL with the path /';
  if (url.host !== `sts.${identity.region}.amazonaws.com`) return `the host ${url.host}`;
  return (
    findNameProblem(url.searchParams) ??
    findParameterProblem(url.searchParams, nowMs) ??
    findSignatureProblem(url, identity)
  );
}

function findNameProblem(query: URLSearchParams): string | undefined {
  const names = [...query.keys()].map((name) => name.toLowerCase());
  if (new Set(names).size !== names.length) return 'a parameter twice';
  const unknown = names.find((name) => !allowed.has(name));
  return unknown === undefined ? undefined : `the parameter ${unknown}`;
}

function findParameterProblem(query: URLSearchParams, nowMs: number): string | undefined {
  const getText = (name: string): string => query.get(name) ?? '';
  if (getText('Action') !== 'GetCallerIdentity' || getText('Version') !== '2011-06-15') return 'another action';
  if (!getText('X-Amz-SignedHeaders').split(';').includes('x-k8s-aws-id')) return 'x-k8s-aws-id is not signed';
  const expires = Number(getText('X-Amz-Expires'));
  if (!(expires >= 0 && expires <= maxExpirySeconds)) return 'the expiry';
  const signedMs = Date.parse(getText('X-Amz-Date').replace(basicTime, '$1-$2-$3T$4:$5:$6Z'));
  return nowMs - signedMs <= tokenLifeMs ? undefined : 'expired';
}

function findSignatureProblem(
  url: URL,
  { accessKeyId, secretAccessKey, cluster, region }: EksIdentity,
): string | undefined {
  const query = url.searchParams;
  const [keyId, day = '', scopeRegion, service] = (query.get('X-Amz-Credential') ?? '').split('/');
  if (keyId !== accessKeyId || scopeRegion !== region || service !== 'sts') return 'the credential';
  const scope = `${day}/${region}/sts/aws4_request`;
  const canonical = [
    'GET',
    '/',
    url.search
      .slice(1)
      .split('&')
      .filter((pair) => !pair.startsWith('X-Amz-Signature='))
      .sort()
      .join('&'),
    `host:${url.host}`,
    `x-k8s-aws-id:${cluster}`,
    '',
    query.get('X-Amz-SignedHeaders') ?? '',
    hashSha256(''),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', query.get('X-Amz-Date') ?? '', scope, hashSha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce((secret: Uint8Array, part) => signHmac(secret, part), Buffer.from(`AWS4${secretAccessKey}`));
  return signHmac(key, text).toString('hex') === query.get('X-Amz-Signature') ? undefined : 'the signature';
}

function hashSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function signHmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
