/** Settings that many plugins share: URLs, authentication and TLS. */
import * as z from 'zod';
import { SecretRef } from '../secrets/secret-ref.ts';
import { externalIdError, hasRoleForExternalId, roleSettings } from './auth/role-settings.ts';
import { findHostRefusal, hostOf } from './transport/address.ts';

/** Private CA and client certificate (mTLS), each a PEM text in a secret. */
export const TlsSettings = z
  .strictObject({
    ca: SecretRef.optional().meta({ description: 'CA certificates in PEM that sign the server certificate.' }),
    cert: SecretRef.optional().meta({ description: 'Client certificate chain in PEM.' }),
    key: SecretRef.optional().meta({ description: 'Private key of the client certificate in PEM.' }),
  })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
    error: 'a client certificate needs both cert and key',
  })
  .meta({ id: 'Tls', description: 'Private CA and client certificate (mTLS).' });
export type TlsSettings = z.infer<typeof TlsSettings>;

const BasicAuth = z.strictObject({
  basic: z.strictObject({ username: z.string().min(1), password: SecretRef }),
});
const BearerAuth = z.strictObject({ bearer: SecretRef });
const SigV4Auth = z.strictObject({
  sigv4: z
    .strictObject({
      region: z
        .string()
        .regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, { error: 'must be an AWS Region such as eu-west-1' })
        .meta({ description: 'AWS Region of the service that is called.' }),
      ...roleSettings,
    })
    .refine(hasRoleForExternalId, externalIdError),
});

/** Who the collector is to a server. SigV4 uses the function's own role, or one that it takes on. */
export const HttpAuth = z
  .union([BasicAuth, BearerAuth])
  .meta({ id: 'HttpAuth', description: 'Who the collector is to the server.' });
export type HttpAuth = z.infer<typeof HttpAuth>;
export const SignableAuth = z.union([BasicAuth, BearerAuth, SigV4Auth]).meta({
  id: 'SignableAuth',
  description: 'Who the collector is to the server; `sigv4` signs with the role of the function, or with `roleArn`.',
});
export type SignableAuth = z.infer<typeof SignableAuth>;

/** `https` everywhere; plain `http` is refused unless the address is loopback or the operator allows it by name. */
export const HttpUrl = guardUrl(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }));

/** Paths are added to its end, where a query or a fragment would swallow them. */
export const BaseUrl = HttpUrl.refine((text) => !/[?#]/.test(text), {
  error:
    'must be a base URL without ? or #: paths are added to it; credentials belong into the settings that refer to a secret',
});

/**
 * Two things that no URL of the configuration may hold. What stands before an `@` is readable in the repository, the
 * template and the function, and is sent nowhere. Nothing is ever sent to an address of cloud metadata.
 */
export function guardUrl(url: z.ZodURL): z.ZodURL {
  return url
    .refine((text) => !hasUserinfo(text), {
      error: 'holds a user name or password; a secret never stands in the configuration, so remove all up to the @',
    })
    .superRefine((text, context) => {
      const parsed = URL.parse(text);
      const refusal = parsed === null ? undefined : findHostRefusal(hostOf(parsed));
      if (refusal !== undefined) context.addIssue({ code: 'custom', message: describeForbiddenHost(refusal) });
    });
}

/** For hosts that stand in no URL as well. */
export function describeForbiddenHost(refusal: string): string {
  return `${refusal}, to which nothing is ever sent; write the host of the server`;
}

function hasUserinfo(text: string): boolean {
  const url = URL.parse(text);
  // An `@` without anything before it is left out by the URL parser, and so it must be refused before that.
  return url !== null && (url.username !== '' || url.password !== '' || /^[a-z]+:\/*[^/?#]*@/i.test(text));
}

/** The role that a server's settings ask the function to assume, as its policy has to allow it. */
export function collectHttpRoles({ auth }: { readonly auth?: SignableAuth | undefined }): readonly string[] {
  const { roleArn } = auth !== undefined && 'sigv4' in auth ? auth.sigv4 : {};
  return roleArn === undefined ? [] : [roleArn];
}

/** All secrets that a pair of auth and TLS settings refers to. */
export function collectHttpSecrets(settings: {
  readonly auth?: SignableAuth | undefined;
  readonly tls?: TlsSettings | undefined;
}): readonly SecretRef[] {
  const { auth, tls } = settings;
  const ofAuth = auth === undefined || 'sigv4' in auth ? [] : ['basic' in auth ? auth.basic.password : auth.bearer];
  return [...ofAuth, tls?.ca, tls?.cert, tls?.key].filter((ref) => ref !== undefined);
}
