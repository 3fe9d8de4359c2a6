import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelValue, maxLabelValueLength } from '../../lambda/model/labels.ts';

describe('a label value', () => {
  it.each([
    ['plain', 'linux-large', 'linux-large'],
    ['with spaces around it', '  a b ', 'a b'],
    ['with control characters', 'a\u0000\n\tb', 'a b'],
    ['with a decomposed letter', 'a\u0308', 'ä'],
    ['with half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['too long', 'x'.repeat(300), 'x'.repeat(maxLabelValueLength)],
    [
      'too long, with a space at the cut',
      `${'x'.repeat(maxLabelValueLength - 1)} yz`,
      'x'.repeat(maxLabelValueLength - 1),
    ],
    [
      'too long, with an emoji at the cut',
      `${'x'.repeat(maxLabelValueLength - 1)}😀z`,
      `${'x'.repeat(maxLabelValueLength - 1)}😀`,
    ],
    ['empty', '', undefined],
    ['of spaces and control characters only', ' \n\u0007 ', undefined],
  ])('that is %s', (_, raw, expected) => {
    expect(labelValue(raw)).toBe(expected);
  });

  it('is always storable: not empty, trimmed, NFC, well formed, printable and at most 128 characters long', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
    );

    fc.assert(
      fc.property(anyText, (raw) => {
        const value = labelValue(raw);
        if (value === undefined) return;

        expect(value).not.toBe('');
        expect(value.trim()).toBe(value);
        expect(value.normalize('NFC')).toBe(value);
        expect(value.isWellFormed()).toBe(true);
        expect(value).not.toMatch(/\p{Cc}/u);
        expect(Array.from(value).length).toBeLessThanOrEqual(maxLabelValueLength);
        expect(labelValue(value)).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });
});
