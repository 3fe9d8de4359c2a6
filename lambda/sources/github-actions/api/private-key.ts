/** Reads the private key of a GitHub App, however it was put into its secret. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { UnusableSecretError } from '../../../http/errors/errors.ts';

/**
 * Accepts PEM with real line ends or with `\n` written out, as JSON and environment variables have it, in PKCS#1 (as
 * GitHub makes it) and PKCS#8.
 * @param where The request that it is for, for messages.
 * @throws UnusableSecretError which says what the secret holds instead, and never quotes it
 */
export function parsePrivateKey(text: string, where: string): KeyObject {
  const pem = text
    .replaceAll(String.raw`\r`, '')
    .replaceAll(String.raw`\n`, '\n')
    .trim();
  const wrong = findWrongKey(pem);
  if (wrong !== undefined) throw new UnusableSecretError(where, `${wrong}; ${remedy}`);
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'rsa')
      throw new UnusableSecretError(where, `the secret holds a key that is not RSA; ${remedy}`);
    return key;
  } catch (error) {
    if (error instanceof UnusableSecretError) throw error;
    // The reason of the parser may quote the key.
    throw new UnusableSecretError(where, `the secret holds no private key that can be read; ${remedy}`);
  }
}

const remedy =
  'put the .pem file there that the page of the App gives under "Private keys" (Generate a private key), as a whole';

function findWrongKey(pem: string): string | undefined {
  if (pem === '') return 'the secret for the private key of the App is empty';
  if (/^-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) return 'the secret holds a public key';
  if (/^(gh[a-z]_|github_pat_)/.test(pem)) return 'the secret holds a token, which belongs into auth.token';
  if (/^-----BEGIN ENCRYPTED/.test(pem)) return 'the secret holds a private key with a passphrase';
  return pem.startsWith('-----BEGIN ') ? undefined : 'the secret holds no key in PEM';
}
