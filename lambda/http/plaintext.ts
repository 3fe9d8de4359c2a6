/** The setting that allows URLs without TLS, and the check that goes with it. */
import * as z from 'zod';

/** Whether a URL without TLS may be used; tokens and figures then travel readable. */
export const Plaintext = z
  .enum(['refuse', 'allow'])
  .default('refuse')
  .meta({ description: '`allow` permits an http:// URL that is not on this machine.' });

const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A refinement for settings that hold a URL and a `plaintext` choice. */
export function isTlsOrAllowed(settings: { readonly url: string; readonly plaintext: 'refuse' | 'allow' }): boolean {
  const url = URL.parse(settings.url);
  // Another protocol and an unreadable URL have an error of their own.
  if (url?.protocol !== 'http:' || settings.plaintext === 'allow') return true;
  return loopbackHosts.has(url.hostname);
}

const UrlChoice = z.object({ url: z.string(), plaintext: Plaintext });

export const plaintextError = {
  // Reported together with the other problems of the same settings, not only after they are corrected.
  when: ({ value }: { readonly value: unknown }): boolean => UrlChoice.safeParse(value).success,
  error: 'an http:// URL sends everything readable; use https:// or set plaintext: allow',
  path: ['url'],
};
