/** Whatever proves who the collector is and becomes part of a request is remembered before the request is sent. */
import type { Redactor } from './redactor.ts';

export type SecretMemory = Pick<Redactor, 'remember' | 'rememberPassing'>;

/** What of a request may hold a credential. */
export interface SendableRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  /** In PEM. */
  readonly key?: string | undefined;
}

/** Headers whose value is a credential as it stands; what `authorization` holds has parts. */
const credentialHeader = /^(x-amz-security-token|cookie|x-api-key|private-token|x-auth-token|x-goog-iam-.*token)$/i;

/** Parameters of queries and forms. Exact names: a `continue` token or a page token is remembered in the state. */
const credentialParameter =
  /^(access_token|refresh_token|id_token|token|api_?key|secret|client_secret|client_assertion|password|x-amz-security-token|x-amz-signature|sig|signature)$/i;

/** A token of EKS is a signed URL in base64 (aws-iam-authenticator, pkg/token). */
const eksPrefix = 'k8s-aws-v1.';

export function rememberRequest(memory: SecretMemory, { url, headers, body, key }: SendableRequest): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/^(proxy-)?authorization$/i.test(name)) rememberAuthorization(memory, value);
    else if (credentialHeader.test(name)) memory.remember(value);
  }
  rememberParameters(memory, url.searchParams);
  if (typeof body === 'string' && isForm(headers)) rememberParameters(memory, new URLSearchParams(body));
  if (key !== undefined) memory.remember(key);
}

/** The user and password of a proxy, which every request through it carries in base64. */
export function rememberProxy(memory: SecretMemory, proxy: string | undefined): void {
  const url = URL.parse(proxy === undefined || proxy.includes('://') ? (proxy ?? '') : `http://${proxy}`);
  if (url === null || url.password === '') return;
  const user = tryDecode(url.username);
  const password = tryDecode(url.password);
  memory.remember(password);
  memory.remember(url.password);
  memory.remember(Buffer.from(`${user}:${password}`).toString('base64'));
}

function rememberAuthorization(memory: SecretMemory, value: string): void {
  const [, scheme = '', rest = ''] = /^\s*(\S+)\s+(.*)$/s.exec(value) ?? [];
  if (scheme.startsWith('AWS4-')) {
    // The rest of it, such as the id of the key and the date, is public.
    memory.rememberPassing(/Signature=([0-9a-f]+)/i.exec(rest)?.[1] ?? '');
    return;
  }
  memory.remember(rest === '' ? value : rest);
  if (/^basic$/i.test(scheme)) memory.remember(decodePassword(rest));
  if (rest.startsWith(eksPrefix)) rememberSignedUrl(memory, rest.slice(eksPrefix.length));
}

function decodePassword(pair: string): string {
  const text = Buffer.from(pair, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

function rememberSignedUrl(memory: SecretMemory, base64: string): void {
  const url = URL.parse(Buffer.from(base64, 'base64url').toString('utf8'));
  if (url !== null) rememberParameters(memory, url.searchParams);
}

function rememberParameters(memory: SecretMemory, parameters: URLSearchParams): void {
  for (const [name, value] of parameters) {
    if (!credentialParameter.test(name)) continue;
    if (/^x-amz-signature$/i.test(name)) memory.rememberPassing(value);
    else memory.remember(value);
  }
}

function isForm(headers: Readonly<Record<string, string>>): boolean {
  return Object.entries(headers).some(
    ([name, value]) => name.toLowerCase() === 'content-type' && value.includes('x-www-form-urlencoded'),
  );
}

function tryDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
