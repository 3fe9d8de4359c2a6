/** Reads where a secret lies, as `init` takes it: `secret:NAME#KEY`, `parameter:NAME`, `env:NAME` or `file:PATH`. */
import { SecretRef } from '../../secrets/secret-ref.ts';

/** @returns undefined for a text that names no such place: it may be the token itself, so no message repeats it. */
export function parsePlace(text: string): SecretRef | undefined {
  const [, kind = '', name = ''] = /^(secret|parameter|env|file):(.+)$/.exec(text) ?? [];
  return SecretRef.safeParse(buildRef(kind, name)).data;
}

function buildRef(kind: string, name: string): unknown {
  if (kind !== 'secret') return { [kind]: name };
  const [secret, ...key] = name.split('#');
  return key.length === 0 ? { secret } : { secret, key: key.join('#') };
}

/** What to write in place of a token. */
export const placeForms = 'secret:NAME, secret:NAME#KEY, parameter:NAME, env:NAME or file:PATH';
