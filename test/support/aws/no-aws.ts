/** Access to AWS for tests in which nothing may be signed: it throws when it is used. */
import type { AwsAccess } from '../../../lambda/http/auth/aws-credentials.ts';

/** For what must not sign as anybody. */
export const noAws: AwsAccess = {
  region: undefined,
  credentials: () => Promise.reject(new Error('not part of this test')),
};
