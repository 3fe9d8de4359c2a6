/** Further request headers that an operator sets for a server; the value of one may be a secret. */
import * as z from 'zod';
import { useWithRotation } from './rotation.ts';
import { isCredentialHeader, looksLikeCredential, plainSecretMessage } from '../../secrets/plain-secret.ts';
import { SecretRef } from '../../secrets/secret-ref.ts';
import type { Secrets } from '../../secrets/secrets.ts';

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Settings of headers by name; `own` are those that the protocol or the signature owns, with a hint for each of them. */
export function createHeaderSettings(
  own: RegExp,
  hint: string,
): z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, typeof SecretRef]>>> {
  return z
    .record(
      z
        .string()
        .regex(headerName, { error: 'must be a header name' })
        .refine((name) => !own.test(name), { error: `is set by the collector and cannot be overridden; ${hint}` }),
      z.union([z.string().min(1), SecretRef]),
    )
    .superRefine((headers, context) => {
      for (const [name, value] of Object.entries(headers)) {
        // One with the form of a credential is refused wherever it stands.
        const isPlain = typeof value === 'string' && isCredentialHeader(name) && !looksLikeCredential(value);
        if (isPlain) context.addIssue({ code: 'custom', path: [name], message: plainSecretMessage });
      }
    })
    .default({})
    .meta({ description: 'Further request headers; a value may be a secret reference.' });
}

export type HeaderSettings = Readonly<Record<string, string | SecretRef>>;

export function collectHeaderSecrets(headers: HeaderSettings): readonly SecretRef[] {
  return Object.values(headers).filter((value) => typeof value !== 'string');
}

/** Names in lower case. */
type Headers = Readonly<Record<string, string>>;

/** Sends with the headers as they are now; a secret among them that is refused is read once more. */
export async function sendWithHeaders<Result>(
  headers: HeaderSettings,
  secrets: Secrets,
  signal: AbortSignal,
  use: (headers: Headers) => Promise<Result>,
): Promise<Result> {
  const plain: Record<string, string> = {};
  const secret: (readonly [string, SecretRef])[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') plain[name.toLowerCase()] = value;
    else secret.push([name.toLowerCase(), value]);
  }
  const resolve = ([next, ...rest]: typeof secret, known: Headers): Promise<Result> => {
    if (next === undefined) return use(known);
    const [name, ref] = next;
    return useWithRotation(secrets, ref, signal, (value) =>
      resolve(rest, { ...known, [name]: trimLineBreaks(value.reveal()) }),
    );
  };
  return resolve(secret, plain);
}

/** A secret that was stored by `echo` ends with a line break that is not part of it. */
function trimLineBreaks(secret: string): string {
  return secret.replace(/[\r\n]+$/, '');
}
