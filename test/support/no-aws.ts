import type { AwsAccess } from '../../lambda/http/auth/aws-credentials.ts';

/** For what must not sign as anybody. */
export const noAws: AwsAccess = {
  region: undefined,
  credentials: () => Promise.reject(new Error('not part of this test')),
};
