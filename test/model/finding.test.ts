/** Tests how the text of a problem becomes what was found and what to do. */
import { describe, expect, it } from 'vitest';
import { describeAsFinding } from '../../lambda/model/finding.ts';

function split(message: string): unknown {
  const finding = describeAsFinding({ kind: 'unavailable', where: 'a/b', message }, 'read');
  return 'remedy' in finding ? [finding.message, finding.remedy] : undefined;
}

describe('a problem as a finding', () => {
  it.each([
    ['answered 401: it is wrong; put another one', 'answered 401: it is wrong', 'put another one'],
    ['was refused; this is why; do that', 'was refused; this is why', 'do that'],
    [
      'the receiver answered 404. Check `url`: it is the base.',
      'the receiver answered 404',
      'Check `url`: it is the base.',
    ],
    ['answered 500: look at its log', 'answered 500', 'look at its log'],
    ['was slow; look why; 2 more such problems in this run', 'was slow; 2 more such problems in this run', 'look why'],
    ['is broken', 'is broken', 'see what was found'],
  ])('takes the remedy out of "%s"', (text, message, remedy) => {
    expect(split(text)).toEqual([message, remedy]);
  });

  it('keeps place and kind', () => {
    const problem = { kind: 'auth', where: 'a/b GET c', message: 'no; yes' } as const;

    expect(describeAsFinding(problem, 'credential', 'warning')).toEqual({
      subject: 'credential',
      where: 'a/b GET c',
      verdict: 'warning',
      kind: 'auth',
      message: 'no',
      remedy: 'yes',
    });
  });
});
