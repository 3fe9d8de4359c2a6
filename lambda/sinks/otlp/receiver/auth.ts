/** The setting `auth`: how the collector proves to a receiver who it is. */
import * as z from 'zod';
import { GoogleAuth, collectGoogleSecrets } from '../../../http/auth/google/settings.ts';
import { collectHttpSecrets, SignableAuth, type TlsSettings } from '../../../http/settings.ts';
import type { SecretRef } from '../../../secrets/secret-ref.ts';

export const OtlpAuth = z.union([...SignableAuth.options, z.strictObject({ google: GoogleAuth })]).meta({
  id: 'OtlpAuth',
  description:
    'Who the collector is to the receiver; `sigv4` signs with the role of the function, or with `roleArn`; `google` gets tokens of Google Cloud.',
});
export type OtlpAuth = z.infer<typeof OtlpAuth>;

interface AuthSettings {
  readonly auth?: OtlpAuth | undefined;
  readonly tls?: TlsSettings | undefined;
}

/** What is read of secrets or signed with, and needs no token of Google Cloud. */
export function pickHttpSettings({ auth, tls }: AuthSettings): {
  readonly auth: SignableAuth | undefined;
  readonly tls: TlsSettings | undefined;
} {
  return { auth: auth === undefined || 'google' in auth ? undefined : auth, tls };
}

export function pickGoogleAuth({ auth }: AuthSettings): GoogleAuth | undefined {
  return auth !== undefined && 'google' in auth ? auth.google : undefined;
}

export function collectAuthSecrets(settings: AuthSettings): readonly SecretRef[] {
  const google = pickGoogleAuth(settings);
  return [
    ...(google === undefined ? [] : collectGoogleSecrets(google)),
    ...collectHttpSecrets(pickHttpSettings(settings)),
  ];
}
