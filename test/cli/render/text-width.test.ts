/** Tests of how many columns a text takes on a terminal, and of cutting it there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutToWidth, makePrintable, measureText } from '../../../lambda/cli/render/text-width.ts';

describe('textWidth', () => {
  it.each([
    ['default', 7],
    ['', 0],
    ['größe', 5],
    ['gro\u0308ße', 5],
    ['構築', 4],
    ['ｄｅ', 4],
    ['빌드', 4],
    ['🚀', 2],
    ['👩‍💻', 2],
    ['🇩🇪', 2],
    ['⚠️', 2],
    ['a\u200bb', 2],
    ['████░░', 6],
  ])('measures %j as %d columns', (text, columns) => {
    expect(measureText(text)).toBe(columns);
  });
});

describe('cutToWidth', () => {
  it.each([
    ['default', 7, 'default'],
    ['default', 6, 'defau…'],
    ['構築中', 5, '構築…'],
    ['構築中', 4, '構…'],
    ['👩‍💻👩‍💻', 3, '👩‍💻…'],
    ['default', 1, '…'],
    ['default', 0, ''],
  ])('cuts %j to %d columns', (text, columns, expected) => {
    expect(cutToWidth(text, columns)).toBe(expected);
  });

  it('never exceeds the width and leaves what fits alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 30 }), (text, columns) => {
        const cut = cutToWidth(text, columns);

        expect(measureText(cut)).toBeLessThanOrEqual(columns);
        if (measureText(text) <= columns) expect(cut).toBe(text);
      }),
    );
  });
});

describe('printable', () => {
  it.each([
    ['colours', '\x1b[31mred\x1b[0m', 'red'],
    ['a title', '\x1b]0;owned\x07queue', 'queue'],
    ['cursor movement', 'a\x1b[2J\x1b[Hb', 'ab'],
    ['line breaks and tabs', 'two\r\nlines\tand', 'two lines and'],
    ['a bell and a backspace', 'a\x07b\x08', 'a\ufffdb\ufffd'],
    ['text that runs backwards', 'safe\u202egnp', 'safe\ufffdgnp'],
    ['marks and isolates of direction', 'a\u200eb\u061cc\u2066d\u2069', 'a\ufffdb\ufffdc\ufffdd\ufffd'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['the escape of 8-bit terminals', 'a\u009b2Jb', 'ab'],
    ['names as they are', 'linux  ${BUILDKITE_QUEUE:-default}', 'linux  ${BUILDKITE_QUEUE:-default}'],
  ])('takes out %s', (_, text, expected) => {
    expect(makePrintable(text)).toBe(expected);
  });

  it('leaves no control character in whatever a server sends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(makePrintable(text)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
