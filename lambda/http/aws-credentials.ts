/** Credentials as `@smithy/types` has them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** The AWS identity of the process, for signed requests. */
export interface AwsAccess {
  readonly region: string | undefined;
  readonly credentials: () => Promise<AwsCredentials>;
}
