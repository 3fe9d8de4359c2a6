/** Access to AWS for tests in which nothing may be signed: it throws when it is used. */
import type { AwsAccess } from '../../../lambda/http/auth/aws-credentials.ts';

/** For code that must not sign any request. */
export const noAws: AwsAccess = {
  region: undefined,
  credentials: () => Promise.reject(new Error('not part of this test')),
};
