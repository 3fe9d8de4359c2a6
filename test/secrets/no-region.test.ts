/** Outside AWS a Region has to be named: its want does not pass by itself. */
import { expect, it } from 'vitest';
import { describeHttpProblem } from '../../lambda/http/errors/problem.ts';
import { interpretAwsError } from '../../lambda/secrets/stores/aws-errors.ts';
import { explainFailure } from '../../lambda/secrets/explain-failure.ts';
import { SecretUnavailableError } from '../../lambda/secrets/secrets.ts';

it.each([{ secret: 'ci/token' }, { parameter: '/ci/token' }])('%j in no known Region says what to set', (ref) => {
  const outcome = interpretAwsError(new Error('Region is missing'), new AbortController().signal);

  const failure = 'failure' in outcome ? outcome.failure : undefined;
  expect(failure?.reason).toBe('no-region');
  const text = failure === undefined ? '' : explainFailure(ref, failure);
  expect(text).toMatch(/lies in no known Region; set AWS_REGION/);
  const error = new SecretUnavailableError(text, { reason: 'no-region' });
  expect(describeHttpProblem(error, 'buildkite/main')?.kind).toBe('configuration');
});
