/** The form of a name that an operator gives to a source, a sink or the deployment. */
import * as z from 'zod';

/**
 * A name that the operator gives to a source, a sink or the deployment. It becomes a label value, a CloudWatch
 * dimension, a path segment and a part of construct ids, so it keeps to characters that all of them take.
 */
export const OperatorName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
  error: 'must be 1 to 64 letters, digits, dots, dashes or underscores and start with a letter or digit',
});
