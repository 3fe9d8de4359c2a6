/** Verifies AWS Signature Version 4 by code that shares nothing with the signer. */
import { createHash, createHmac } from 'node:crypto';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface KnownKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Why a request's AWS Signature Version 4 is not valid, or undefined when it is. Written from AWS' description of the
 * algorithm with `node:crypto` alone, so that it shares nothing with the signer.
 */
export function sigV4Fault(
  { method, target, headers, body }: ReceivedRequest,
  key: KnownKey,
  scope: { readonly region: string; readonly service: string },
): string | undefined {
  const authorization =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers['authorization'] ?? '',
    );
  if (authorization === null) return 'no Authorization header of AWS4-HMAC-SHA256';
  const [, keyId, day = '', region = '', service = '', signedNames = '', signature] = authorization;
  if (keyId !== key.accessKeyId) return `unknown key ${String(keyId)}`;
  if (region !== scope.region || service !== scope.service) return `signed for ${service} in ${region}`;

  const names = signedNames.split(';');
  // A request without a body has no type.
  const ofBody = ['content-type', 'content-encoding'].filter((name) => headers[name] !== undefined);
  for (const needed of ['host', 'x-amz-date', ...ofBody]) {
    if (!names.includes(needed)) return `${needed} is not signed`;
  }
  const date = headers['x-amz-date'] ?? '';
  if (!date.startsWith(day)) return 'x-amz-date does not fit the credential scope';
  const hash = sha256(body);
  if (headers['x-amz-content-sha256'] !== hash) return 'x-amz-content-sha256 is not the hash of the body';

  const { pathname, search } = new URL(target, 'http://host');
  const canonical = [
    method,
    // A path of plain segments: escaped once more it stays as it is.
    pathname.split('/').map(encodeURIComponent).join('/'),
    search.slice(1).split('&').sort().join('&'),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedNames,
    hash,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n');
  const signingKey = [day, region, service, 'aws4_request'].reduce(
    (secret: Buffer, part) => hmac(secret, part),
    Buffer.from(`AWS4${key.secretAccessKey}`),
  );
  return hmac(signingKey, text).toString('hex') === signature ? undefined : 'the signature does not match';
}

function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
