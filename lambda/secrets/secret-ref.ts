/** References to secret values: a secret, a parameter, an environment variable or a file. */
import * as z from 'zod';

/** Names by the CreateSecret API reference. */
const secretName =
  /^([A-Za-z0-9/_+=.@-]{1,512}|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+)$/;

export const SecretName = z
  .string()
  .regex(secretName, { error: 'must be the name or ARN of a secret: letters, digits and /_+=.@- only' });

/** Names by the PutParameter API reference. */
const parameterName = /^([A-Za-z0-9_.\-/]{1,1011}|arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter\/[A-Za-z0-9_.\-/]+)$/;

/**
 * Where a secret value lies; the configuration never holds the value itself.
 * `secret` is a name or ARN in Secrets Manager, `key` a member of its JSON; `parameter` is an SSM SecureString;
 * `env` and `file` work outside AWS only.
 */
export const SecretRef = z
  .union([
    z.strictObject({
      secret: SecretName.meta({ description: 'Name or ARN of a secret in AWS Secrets Manager.' }),
      key: z.string().min(1).optional().meta({ description: 'Member of the JSON object that the secret holds.' }),
    }),
    z.strictObject({
      parameter: z
        .string()
        .regex(parameterName, { error: 'must be the name or ARN of a parameter: letters, digits and /_.- only' })
        .meta({ description: 'Name or ARN of an SSM parameter of type SecureString.' }),
    }),
    z.strictObject({ env: z.string().min(1).meta({ description: 'Environment variable; not in AWS Lambda.' }) }),
    z.strictObject({ file: z.string().min(1).meta({ description: 'Path of a file; not in AWS Lambda.' }) }),
  ])
  .meta({ id: 'SecretRef', description: 'A reference to a secret value, never the value itself.' });

export type SecretRef = z.infer<typeof SecretRef>;

/** One text per reference, for maps and for messages: it names the place and holds no value. */
export function describeSecretRef(ref: SecretRef): string {
  if ('secret' in ref) return ref.key === undefined ? `secret ${ref.secret}` : `secret ${ref.secret} (key ${ref.key})`;
  if ('parameter' in ref) return `parameter ${ref.parameter}`;
  if ('env' in ref) return `environment variable ${ref.env}`;
  return `file ${ref.file}`;
}
