/** Tests of cleaning label values so that every backend can store them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeLabelValue, maxLabelValueLength } from '../../../lambda/model/text/labels.ts';

/** What is left beside a mark of nine characters. */
const kept = maxLabelValueLength - 9;

describe('a label value', () => {
  it.each([
    ['plain', 'linux-large', 'linux-large'],
    ['with spaces around it', '  a b ', 'a b'],
    ['with control characters', 'a\u0000\n\tb', 'a b~fqguvcor'],
    ['with characters that turn the text after them around', 'a\u202eb\u2066c', 'a b c~00710q3c'],
    ['with an invisible character', 'prod\u200b', 'prod~a0q1gk9b'],
    ['with a joiner, which letters and emojis need', '👩\u200d💻', '👩\u200d💻'],
    ['of letters that are written from right to left', 'בנייה', 'בנייה'],
    ['with a decomposed letter', 'a\u0308', 'ä'],
    ['with half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['as long as can be', 'x'.repeat(maxLabelValueLength), 'x'.repeat(maxLabelValueLength)],
    ['as long as can be, of emojis', '😀'.repeat(maxLabelValueLength), '😀'.repeat(maxLabelValueLength)],
    ['too long', 'x'.repeat(300), `${'x'.repeat(kept)}~0rj07d1k`],
    [
      'too long, with a space at the cut',
      `${'x'.repeat(kept - 1)} ${'y'.repeat(20)}`,
      `${'x'.repeat(kept - 1)}~q9nnfpd6`,
    ],
    [
      'too long, with an emoji at the cut',
      `${'x'.repeat(kept - 1)}😀${'z'.repeat(20)}`,
      `${'x'.repeat(kept - 1)}😀~eve6sh04`,
    ],
    ['empty', '', undefined],
    ['of spaces and control characters only', ' \n\u0007 ', undefined],
  ])('that is %s', (_, raw, expected) => {
    expect(makeLabelValue(raw)).toBe(expected);
  });

  it('is always storable: not empty, trimmed, NFC, well formed, printable and at most 128 characters long', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
    );

    fc.assert(
      fc.property(anyText, (raw) => {
        const value = makeLabelValue(raw);
        if (value === undefined) return;

        expect(value).not.toBe('');
        expect(value.trim()).toBe(value);
        expect(value.normalize('NFC')).toBe(value);
        expect(value.isWellFormed()).toBe(true);
        expect(value).not.toMatch(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(Array.from(value).length).toBeLessThanOrEqual(maxLabelValueLength);
        expect(makeLabelValue(value)).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['behind the cut', `${'x'.repeat(300)}a`, `${'x'.repeat(300)}b`],
    ['in a character that cannot be shown', 'a\u0007b', 'a\u001bb'],
    ['in an invisible character', 'prod', 'prod\u200b'],
    ['in a line feed', 'a b', 'a\nb'],
  ])('tells two names apart that differ %s', (_, one, other) => {
    expect(makeLabelValue(one)).not.toBe(makeLabelValue(other));
  });

  it('is equal for two names only where they are the same text with the same letters', () => {
    const name = fc.string({ unit: 'binary', maxLength: 200 });
    const alike = (text: string): string => text.toWellFormed().normalize('NFC').trim();

    fc.assert(
      fc.property(name, name, fc.constantFrom('', '\u0007', '\u202e', '\n'), (one, other, between) => {
        const [a, b] = [`${one}x${between}${other}`, `${one}x${other}`];
        fc.pre(alike(a) !== alike(b));

        expect(makeLabelValue(a)).not.toBe(makeLabelValue(b));
      }),
      { numRuns: 1000 },
    );
  });
});
