/** Outside AWS a Region has to be named: its want does not pass by itself. */
import { expect, it } from 'vitest';
import { describeHttpProblem } from '../../lambda/http/errors/problem.ts';
import { interpretAwsError } from '../../lambda/secrets/stores/aws-errors.ts';
import { explainProblem } from '../../lambda/secrets/explain-problem.ts';
import { SecretUnavailableError } from '../../lambda/secrets/secrets.ts';

it.each([{ secret: 'ci/token' }, { parameter: '/ci/token' }])('%j in no known Region says what to set', (ref) => {
  const outcome = interpretAwsError(new Error('Region is missing'), new AbortController().signal);

  const problem = 'problem' in outcome ? outcome.problem : undefined;
  expect(problem?.reason).toBe('no-region');
  const text = problem === undefined ? '' : explainProblem(ref, problem);
  expect(text).toMatch(/lies in no known Region; set AWS_REGION/);
  const error = new SecretUnavailableError(text, { reason: 'no-region' });
  expect(describeHttpProblem(error, 'buildkite/main')?.kind).toBe('configuration');
});
