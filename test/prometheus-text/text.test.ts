import { describe, expect, it } from 'vitest';
import { parsePage } from '../../lambda/prometheus-text/parser.ts';
import { PageSyntaxError } from '../../lambda/prometheus-text/syntax-error.ts';
import { accepted, rejected } from './vectors.ts';

function failureOf(parse: () => unknown): PageSyntaxError {
  try {
    parse();
  } catch (error) {
    if (error instanceof PageSyntaxError) return error;
    throw error;
  }
  throw new Error('the page was accepted');
}

describe('the text format', () => {
  it.each(accepted.map((vector) => [JSON.stringify(vector.page), vector] as const))('reads %s', (_, vector) => {
    const { families } = parsePage(vector.page, { format: 'text' });

    const read = families.flatMap(({ samples }) => samples);
    expect(read.map(({ labels, ...sample }) => ({ ...sample, labels: Object.fromEntries(labels) }))).toEqual(
      vector.samples.map((sample) => ({ labels: {}, ...sample })),
    );
    if (vector.type !== undefined) expect(families.map(({ type }) => type)).toEqual([vector.type]);
    if (vector.help !== undefined) expect(families.map(({ help }) => help)).toEqual([vector.help]);
  });

  it.each(rejected.map(([page, place, reason]) => [JSON.stringify(page), page, place, reason] as const))(
    'refuses %s and says where',
    (_, page, place, reason) => {
      const error = failureOf(() => parsePage(page, { format: 'text' }));

      expect(`${String(error.line)}:${String(error.column)}`).toBe(place);
      expect(error.reason).toMatch(reason);
      expect(error.message).toContain(`line ${String(error.line)}, column ${String(error.column)}: `);
    },
  );

  it('refuses a label value that is not UTF-8', () => {
    const page = Buffer.concat([Buffer.from('m 1\nm{a="'), Buffer.of(0xbd), Buffer.from('"} 1\n')]);

    expect(failureOf(() => parsePage(page, { format: 'text' }))).toMatchObject({ line: 2, column: 6 });
  });

  it('keeps the last of two equal lines and counts the other', () => {
    const page = parsePage('m{b="2",a="1"} 1\nm{a="1",b="2"} 5\n', { format: 'text' });

    expect(page.duplicates).toBe(1);
    expect(page.families[0]?.samples.map(({ value }) => value)).toEqual([5]);
  });

  it('keeps label sets apart that read alike', () => {
    const { families } = parsePage('m{a="1;1:b=1:2"} 1\nm{a="1",b="2"} 2\n', { format: 'text' });

    expect(families[0]?.samples).toHaveLength(2);
  });

  it('puts interleaved lines of a histogram under one metric', () => {
    const page =
      '# TYPE h histogram\nh_bucket{a="x",le="+Inf"} 1\nother 1\nh_bucket{a="y",le="+Inf"} 2\nh_sum{a="x"} 1\nh_count{a="y"} 2\n';

    const { families } = parsePage(page, { format: 'text' });

    expect(families.map(({ name, samples }) => [name, samples.length])).toEqual([
      ['h', 4],
      ['other', 1],
    ]);
  });

  it('gives the same page whatever the pieces are in which it comes', async () => {
    const { createPageParser } = await import('../../lambda/prometheus-text/parser.ts');
    const bytes = Buffer.from('# HELP m é\nm{a="ü€😀"} 1\nn 2\n');
    const parser = createPageParser({ format: 'text' });
    for (const byte of bytes) parser.write(Uint8Array.of(byte));

    expect(parser.end()).toEqual(parsePage(bytes, { format: 'text' }));
  });
});

describe('the limits', () => {
  it.each([
    ['bytes', 'm 1\n'.repeat(100), { maxBytes: 300 }, /larger than 300 bytes/],
    ['the length of a line', `m{a="${'x'.repeat(200)}"} 1\n`, { maxLineBytes: 100 }, /longer than 100 bytes/],
    ['the length of a line without an end', 'x'.repeat(200), { maxLineBytes: 100 }, /longer than 100 bytes/],
    ['series', 'a 1\nb 1\nc 1\n', { maxSeries: 2 }, /more than 2/],
    ['metrics without samples', '# TYPE a gauge\n# TYPE b gauge\n# TYPE c gauge\n', { maxSeries: 2 }, /more than 2/],
  ])('bound %s', (_, page, limits, reason) => {
    expect(failureOf(() => parsePage(page, { format: 'text', limits })).reason).toMatch(reason);
  });

  it('do not count the series that nobody wants', () => {
    const page = Array.from({ length: 50 }, (_, index) => `m{a="${String(index)}"} 1\n`).join('');

    const { families, lines } = parsePage(`${page}n 1\n`, {
      format: 'text',
      keep: (name) => name === 'n',
      limits: { maxSeries: 10 },
    });

    expect(families.map(({ name }) => name)).toEqual(['n']);
    expect(lines).toBe(51);
  });

  it('check lines that nobody wants all the same', () => {
    const parse = (): unknown => parsePage('m 1\nn abc\n', { format: 'text', keep: (name) => name === 'm' });

    expect(failureOf(parse).line).toBe(2);
  });
});
