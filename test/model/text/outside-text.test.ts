/** What of a stranger's text may reach a line, a screen or a request. */
import { describe, expect, it } from 'vitest';
import { escapeUnseen, maskUnseen, flattenText, parseJsonText } from '../../../lambda/model/text/outside-text.ts';

describe('one line of a stranger', () => {
  it.each([
    ['colours', 'a\u001b[31mb', 'a [31mb'],
    ['line feeds and a bell', 'a\r\n\u0007b', 'a b'],
    ['the escape of 8-bit terminals', 'a\u009b2Jb', 'a 2Jb'],
    ['separators of lines and paragraphs', 'a\u2028b\u2029c', 'a b c'],
    ['overrides of direction', 'a\u202eb\u202ac', 'a b c'],
    ['isolates of direction', 'a\u2066b\u2067c\u2068d\u2069e', 'a b c d e'],
    ['marks of direction', 'a\u200eb\u200fc\u061cd', 'a b c d'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['nothing of other letters', 'größe 構築 👩\u200d💻', 'größe 構築 👩\u200d💻'],
  ])('loses %s', (_, text, expected) => {
    expect(flattenText(text)).toBe(expected);
  });

  it('keeps its line feeds and tabs where a text has several lines', () => {
    expect(maskUnseen('at a\n\tat b\u001b[2J\u202e')).toBe('at a\n\tat b [2J ');
  });
});

describe('JSON of a stranger', () => {
  it.each([
    ['a value', '{"a":"x\\ud800y"}', { a: 'x\ufffdy' }],
    ['an element', '["\\udc00"]', ['\ufffd']],
    ['the name of a field', '{"x\\uDBFF":{"y":1}}', { 'x\ufffd': { y: 1 } }],
  ])('has a UTF-8 form for half a surrogate pair in %s', (_, text, expected) => {
    expect(parseJsonText(text)).toEqual(expected);
  });

  it('keeps whole pairs, and backslashes that only look like one', () => {
    expect(parseJsonText('["\\ud83d\\ude00", "\\\\ud800"]')).toEqual(['😀', '\\ud800']);
  });

  it('keeps a field that is named like the prototype beside half a pair', () => {
    const value = parseJsonText('{"__proto__":{"a":1},"b":"\\ud800"}');

    expect(Object.keys(Object(value) as object)).toEqual(['__proto__', 'b']);
  });

  it('is written with escapes for what would act on a screen, and loses nothing', () => {
    const written = escapeUnseen(JSON.stringify({ a: 'x\u009b\u202e\u2028y' }));

    expect(written).toBe('{"a":"x\\u009b\\u202e\\u2028y"}');
    expect(JSON.parse(written)).toEqual({ a: 'x\u009b\u202e\u2028y' });
  });
});
