/** The settings of a role in another account, the same wherever requests are signed. */
import * as z from 'zod';

/** IAM user guide, IAM identifiers: partition, twelve digits of the account, and a path before the name. */
const roleArnPattern = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/;

/** STS API reference, AssumeRole, `ExternalId`: 2 to 1,224 characters of these. */
const externalIdPattern = /^[\w+=,.@:/-]{2,1224}$/;

/** To be spread into an object of settings; together with `hasRoleForExternalId`. */
export const roleSettings = {
  roleArn: z
    .string()
    .regex(roleArnPattern, { error: 'must be the ARN of a role, such as arn:aws:iam::123456789012:role/metrics' })
    .optional()
    .meta({
      description:
        'Role that is assumed for these requests, for example one in another account; it must trust the role of the function.',
    }),
  externalId: z
    .string()
    .regex(externalIdPattern, { error: 'must be 2 to 1224 letters, digits or characters of _+=,.@:/-' })
    .optional()
    .meta({ description: 'External ID that the trust policy of `roleArn` asks for.' }),
};

export function hasRoleForExternalId({
  roleArn,
  externalId,
}: {
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
}): boolean {
  return externalId === undefined || roleArn !== undefined;
}

export const externalIdError = { path: ['externalId'], error: 'is part of assuming a role; set roleArn too' };
