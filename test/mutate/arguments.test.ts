/** Which code and which tests the words after `npm run mutate --` mean. */
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../scripts/mutate/arguments.ts';
import { writeProject } from './project.ts';

const files = {
  'lambda/http/retry.ts': '',
  'lambda/http/http.md': '',
  'lambda/runtime/clock.ts': '',
  'lambda/runtime-more/clock.ts': '',
  'lambda/webhook.ts': '',
  'lambda/alone/lonely.ts': '',
  'infra/app.ts': '',
  'test/http/retry.test.ts': "import '../../lambda/runtime/clock.ts';\n",
  'test/http/port.ts': '',
  'test/http/deep/node_modules/x.test.ts': '',
  'test/webhook.test.ts': '',
  'test/infra/app.test.ts': "import { clock } from '../../lambda/runtime/clock.ts';\n",
  'test/more.test.ts':
    "import { clock } from '../lambda/runtime-more/clock.ts';\nimport { x } from '../lambda/http/retry.ts';\n",
};

function read(line: string): ReturnType<typeof readArguments> {
  return readArguments(line.split(' '), writeProject(files));
}

describe('readArguments', () => {
  it.each([
    { line: '--in lambda/http', pattern: 'lambda/http/**/!(*.d).ts', tests: ['test/http/retry.test.ts'] },
    { line: '--in ./lambda/http/', pattern: 'lambda/http/**/!(*.d).ts', tests: ['test/http/retry.test.ts'] },
    { line: '--in lambda/http/retry.ts', pattern: 'lambda/http/retry.ts', tests: ['test/http/retry.test.ts'] },
    { line: '--in lambda/webhook.ts', pattern: 'lambda/webhook.ts', tests: ['test/webhook.test.ts'] },
    { line: '--in infra', pattern: 'infra/**/!(*.d).ts', tests: ['test/infra/app.test.ts'] },
    { line: '--in lambda/runtime', pattern: 'lambda/runtime/**/!(*.d).ts', tests: ['test/infra/app.test.ts'] },
    {
      line: '--in lambda/http --importers',
      pattern: 'lambda/http/**/!(*.d).ts',
      tests: ['test/http/retry.test.ts', 'test/more.test.ts'],
    },
    {
      line: '--in lambda/http --importers --except test/http/retry.test.ts',
      pattern: 'lambda/http/**/!(*.d).ts',
      tests: ['test/more.test.ts'],
    },
  ])('$line is held to its tests', ({ line, pattern, tests }) => {
    expect(read(line)).toMatchObject({ pattern, tests });
  });

  it('takes the figures as they are given', () => {
    const wanted = read('--in lambda/http --count 3 --seed 5 --json');

    expect(wanted).toMatchObject({ place: 'lambda/http', count: 3, seed: 5, isJson: true });
  });

  it('draws a seed where none is given, and 40 mutants', () => {
    const seeds = new Set([read('--in infra'), read('--in infra')].map(({ seed }) => seed));

    expect(seeds.size).toBe(2);
    expect(read('--in infra')).toMatchObject({ count: 40, isJson: false });
  });

  it.each([
    ['--count 3', '--in names a folder or a file of the code'],
    ['--in lambda/nowhere', '--in names a folder or a file of the code'],
    ['--in lambda/http/http.md', '--in names a folder or a file of the code'],
    ['--in lambda/http --count 0', '--count is above 0'],
    ['--in lambda/http --count 1.5', '--count is a whole number'],
    ['--in lambda/http --seed x', '--seed is a whole number'],
    ['--in lambda/http --seed=-1', '--seed is a whole number'],
    ['--in .', '--in names a folder or a file of the code'],
    ['--in lambda/http --except test/other.test.ts', '--except test/other.test.ts is none of test/http/retry.test.ts'],
    ['--in lambda/http --except test/http/retry.test.ts', 'no test file is left'],
    ['--in lambda/alone', 'no test file is left'],
    ['--in lambda/http --sed 1', "Unknown option '--sed'"],
  ])('refuses %s', (line, reason) => {
    expect(() => read(line)).toThrow(reason);
  });
});
