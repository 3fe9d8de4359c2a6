/** Signs requests with AWS Signature Version 4. */
import { createHash, createHmac } from 'node:crypto';
import { HttpRequest as SignableRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../runtime/clock.ts';
import type { AwsCredentials } from './aws-credentials.ts';
import type { OutgoingRequest } from '../port.ts';

export interface SigV4Options {
  /** Signing name of the service, such as `aps`. */
  readonly service: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly clock: Clock;
}

/**
 * Signs requests with AWS Signature Version 4. Every header that is set is signed, besides hop-by-hop ones and the user
 * agent; the body is signed through `x-amz-content-sha256`. Sign each attempt anew: a signature is valid for 5 minutes.
 */
export function createSigV4Signer(options: SigV4Options): (request: OutgoingRequest) => Promise<OutgoingRequest> {
  const { service, region, credentials, clock } = options;
  const signer = new SignatureV4({ service, region, credentials: createIdentity(credentials), sha256: Sha256 });
  return async (request) => {
    const url = normalizeUrl(request.url);
    const signed = await signer.sign(buildSignable({ ...request, url }), { signingDate: new Date(clock()) });
    // The connection sets the same Host; a second one is refused.
    const headers = Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== 'host'));
    return { ...request, url, headers };
  };
}

/** The signer tells an absent session token from one that is undefined. */
export function createIdentity(credentials: () => Promise<AwsCredentials>): () => Promise<Identity> {
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  };
}

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The service canonicalises what it receives, so what is sent must have one reading: `+` in a query has two. */
function normalizeUrl(url: URL): URL {
  const canonical = new URL(url);
  // AWS signs a path without empty segments.
  canonical.pathname = url.pathname.replace(/\/{2,}/g, '/');
  const query = [...url.searchParams].map(([name, value]) => `${escapeText(name)}=${escapeText(value)}`);
  canonical.search = query.join('&');
  return canonical;
}

/** RFC 3986: everything but unreserved characters. */
function escapeText(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function buildSignable({ method, url, headers, body }: OutgoingRequest): SignableRequest {
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return new SignableRequest({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { ...named, host: url.host },
    body,
  });
}

type Key = string | ArrayBuffer | ArrayBufferView;

interface Digest {
  update(chunk: Uint8Array | string): unknown;
  digest(): Uint8Array;
}

/** SHA-256 or, with a key, HMAC of it, in the shape that the signer constructs. */
export class Sha256 {
  readonly #key: Key | undefined;
  #digest: Digest;

  constructor(key?: Key) {
    this.#key = key;
    this.#digest = digestWith(key);
  }

  update(chunk: Uint8Array | string): void {
    this.#digest.update(chunk);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#digest.digest());
  }

  reset(): void {
    this.#digest = digestWith(this.#key);
  }
}

function digestWith(key: Key | undefined): Digest {
  if (key === undefined) return createHash('sha256');
  return createHmac('sha256', typeof key === 'string' ? key : bytesOf(key));
}

function bytesOf(key: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(key) ? new Uint8Array(key.buffer, key.byteOffset, key.byteLength) : new Uint8Array(key);
}
