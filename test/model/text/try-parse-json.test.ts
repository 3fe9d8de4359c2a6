/** Stored JSON holds ids of vendors, as they were when another version of the collector wrote them. */
import { expect, it } from 'vitest';
import { tryParseJson } from '../../../lambda/model/text/try-parse-json.ts';

it('gives ids that can be put into a path, whatever was stored', () => {
  const stored = tryParseJson(JSON.stringify({ open: ['{a\ud800}'] }));

  expect(stored).toEqual({ open: ['{a\ufffd}'] });
  expect(encodeURIComponent(JSON.stringify(stored))).toContain('%EF%BF%BD');
});

it('is nothing for what is no JSON', () => {
  expect(tryParseJson('{"open":')).toBeUndefined();
});
