/** The JSON of a run is for programs, and may all the same be looked at in a terminal. */
import { expect, it } from 'vitest';
import { createJsonView } from '../../../lambda/cli/collect/json-view.ts';
import type { Problem } from '../../../lambda/model/problem.ts';
import { reportOf, sourceOutcome } from '../samples.ts';

it('escapes what would act on a screen, so that a program reads what was there', async () => {
  const problem: Problem = { kind: 'rejected', where: 'main', message: 'said \u009b2J\u202e\u2028 größe' };
  const report = reportOf({ sources: [sourceOutcome({ problems: [problem] })] });

  const text = await createJsonView().renderRun({ report, batch: undefined });

  expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Zl}\p{Bidi_Control}]/u);
  expect(text).toContain('\\u009b2J\\u202e\\u2028 größe');
  expect(JSON.parse(text)).toMatchObject({ sources: [{ problems: [{ message: problem.message }] }] });
});
