/** Tests of reading the private key of a GitHub App from what people put into secrets. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UnusableSecretError } from '../../../../lambda/http/errors/errors.ts';
import { parsePrivateKey } from '../../../../lambda/sources/github-actions/api/private-key.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });

describe('the private key of an App', () => {
  it.each([
    ['as GitHub makes it', pkcs1],
    ['in PKCS#8', pkcs8],
    ['with line ends written out', pkcs1.replaceAll('\n', String.raw`\n`)],
    ['with line ends of Windows, written out', pkcs1.replaceAll('\n', String.raw`\r\n`)],
    ['with line ends of Windows', pkcs1.replaceAll('\n', '\r\n')],
    ['with space around it', `\n  ${pkcs1}\n`],
  ])('is read %s', (_how, text) => {
    expect(parsePrivateKey(text, 'GET x').equals(privateKey)).toBe(true);
  });

  it.each([
    ['', 'is empty'],
    [publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'a public key'],
    [publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(), 'a public key'],
    ['ghp_abcdefghijklmnopqrstuvwxyz', 'a token'],
    ['github_pat_abcdefghijkl', 'a token'],
    ['{"key":"x"}', 'no key in PEM'],
    [
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
      'a passphrase',
    ],
    [elliptic.toString(), 'not RSA'],
    [`${pkcs1.slice(0, 200)}\n-----END RSA PRIVATE KEY-----`, 'no private key that can be read'],
  ])('is refused where the secret holds something else, and is not quoted', (text, reason) => {
    const read = (): unknown => parsePrivateKey(text, 'GET x');

    expect(read).toThrow(UnusableSecretError);
    expect(read).toThrow(reason);
    expect(read).toThrow(/Generate a private key/);
    const middle = text.slice(40, 80);
    if (middle !== '') expect(read).not.toThrow(middle);
  });
});
