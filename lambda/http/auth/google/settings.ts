/** Settings of authentication to Google Cloud: by federation from AWS, with a key file, or with a given token. */
import * as z from 'zod';
import { SecretRef } from '../../../secrets/secret-ref.ts';
import { isTlsOrAllowed } from '../../plaintext.ts';
import { guardUrl } from '../../settings.ts';

/** Google Cloud, IAM: `gcloud iam workload-identity-pools providers describe` prints it as `name`. */
const providerPattern =
  /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/;

/** Google Cloud, IAM: the address of a service account. */
const serviceAccountPattern = /^[a-z0-9-]{1,63}@[a-z0-9.-]+\.gserviceaccount\.com$/;

/** Tokens travel there, so plain text is for this machine only. */
const TokenUrl = guardUrl(z.url({ protocol: /^https?$/, error: 'must be an https URL' })).refine(
  (url) => isTlsOrAllowed({ url, plaintext: 'refuse' }),
  { error: 'tokens are sent there; use https://' },
);

const Federation = z.strictObject({
  provider: z
    .string()
    .regex(providerPattern, {
      error: 'must be projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>',
    })
    .meta({ description: 'Provider of a workload identity pool that trusts the AWS account, by its full name.' }),
  serviceAccount: z
    .string()
    .regex(serviceAccountPattern, { error: 'must be an address such as ci-metrics@my-project.iam.gserviceaccount.com' })
    .optional()
    .meta({
      description: 'Service account to act as; without it the AWS role itself needs the rights in Google Cloud.',
    }),
  region: z
    .string()
    .regex(/^[a-z]{2,}(-[a-z]+)+-\d$/, { error: 'must be an AWS Region such as eu-west-1' })
    .optional()
    .meta({ description: 'Region whose AWS STS confirms the role; default: the one that the process runs in.' }),
  tokenUrl: TokenUrl.default('https://sts.googleapis.com/v1/token').meta({
    description: 'Where the AWS identity is exchanged for a token.',
  }),
  impersonationUrl: TokenUrl.default('https://iamcredentials.googleapis.com').meta({
    description: 'Base URL of the service that gives tokens of `serviceAccount`.',
  }),
});
export type Federation = z.infer<typeof Federation>;

/** Who the collector is to Google Cloud. */
export const GoogleAuth = z
  .union([
    z.strictObject({ federation: Federation }),
    z.strictObject({ serviceAccountKey: SecretRef }),
    z.strictObject({ bearer: SecretRef }),
  ])
  .meta({
    id: 'GoogleAuth',
    description:
      'Who the collector is to Google Cloud. `federation`: the AWS role of the function, without any key; `serviceAccountKey`: the key file of a service account; `bearer`: an access token as it is, such as that of `gcloud auth print-access-token`, for an hour in a terminal.',
  });
export type GoogleAuth = z.infer<typeof GoogleAuth>;

export function collectGoogleSecrets(auth: GoogleAuth): readonly SecretRef[] {
  if ('serviceAccountKey' in auth) return [auth.serviceAccountKey];
  return 'bearer' in auth ? [auth.bearer] : [];
}
