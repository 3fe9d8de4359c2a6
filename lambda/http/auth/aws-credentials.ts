/** Who a signed request comes from: the process itself, or a role that it takes on for one server. */
import type { AwsAgents } from '../../runtime/aws-agents.ts';
import { SecretUnavailableError } from '../../secrets/secrets.ts';
import { HttpError } from '../errors/errors.ts';
import type { AwsAgentOptions } from '../transport/aws-agents.ts';

/** Credentials as `@smithy/types` has them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** A role that is taken on for requests into another account. */
export interface AssumedRole {
  readonly roleArn: string;
  /** What the role's trust policy asks of a third party (`sts:ExternalId`). */
  readonly externalId?: string | undefined;
}

/** The AWS identity of the process, for signed requests. */
export interface AwsAccess {
  readonly region: string | undefined;
  /** Sockets of a client of the AWS SDK; default: direct ones. */
  readonly agents?: ((options?: AwsAgentOptions) => AwsAgents) | undefined;
  /** Of the process, or of a role that it takes on; a session is kept and renewed before it ends. */
  readonly credentials: (role?: AssumedRole) => Promise<AwsCredentials>;
}

/** The role that settings name; undefined where requests are signed as the process itself. */
export function pickRole({
  roleArn,
  externalId,
}: {
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
}): AssumedRole | undefined {
  return roleArn === undefined ? undefined : { roleArn, externalId };
}

/**
 * The credentials of the process, or of the role that it takes on.
 * @param purpose What they are needed for, such as `to sign with`.
 * @throws SecretUnavailableError, HttpError
 */
export async function getAwsCredentials(
  { credentials }: AwsAccess,
  purpose: string,
  role?: AssumedRole,
): Promise<AwsCredentials> {
  try {
    return await credentials(role);
  } catch (cause) {
    // What STS said of the role names its own remedy.
    if (cause instanceof SecretUnavailableError || cause instanceof HttpError) throw cause;
    throw new SecretUnavailableError(
      `the process has no AWS credentials ${purpose}; give it a role, or a profile outside AWS`,
      { cause, reason: 'credentials' },
    );
  }
}
