/** Tests of reading metrics pages in the Prometheus text format. */
import { describe, expect, it } from 'vitest';
import { parsePage } from '../../lambda/prometheus-text/parser.ts';
import { PageSyntaxError } from '../../lambda/prometheus-text/syntax-error.ts';
import { type Accepted, accepted, odd, rejected } from './vectors.ts';

function failureOf(parse: () => unknown): PageSyntaxError {
  try {
    parse();
  } catch (error) {
    if (error instanceof PageSyntaxError) return error;
    throw error;
  }
  throw new Error('the page was accepted');
}

function expectRead({ page, samples, type, help }: Accepted): void {
  const { families } = parsePage(page, { format: 'text' });
  const read = families.flatMap((family) => family.samples);
  expect(read.map(({ labels, ...sample }) => ({ ...sample, labels: Object.fromEntries(labels) }))).toEqual(
    samples.map((sample) => ({ labels: {}, ...sample })),
  );
  if (type !== undefined) expect(families.map((family) => family.type)).toEqual([type]);
  if (help !== undefined) expect(families.map((family) => family.help)).toEqual([help]);
}

describe('the text format', () => {
  it.each(accepted.map((vector) => [JSON.stringify(vector.page), vector] as const))('reads %s', (_, vector) => {
    expectRead(vector);

    expect(parsePage(vector.page, { format: 'text' }).remarks).toEqual([]);
  });

  it.each(odd.map(([vector, place, remark]) => [JSON.stringify(vector.page), vector, place, remark] as const))(
    'reads %s and tells what is odd',
    (_, vector, place, remark) => {
      expectRead(vector);

      const [first] = parsePage(vector.page, { format: 'text' }).remarks;
      expect(first).toMatchObject({ text: expect.stringMatching(remark) as string, isLoss: false });
      expect(`${String(first?.line)}:${String(first?.column)}`).toBe(place);
    },
  );

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

  it('keeps the first of two lines of one series, as Prometheus does, and tells of the other', () => {
    const page = parsePage('m{b="2",a="1"} 1\nm{a="1",b="2"} 5\nm{a="1",b="2"} 6\n', { format: 'text' });

    expect(page.families[0]?.samples.map(({ value }) => value)).toEqual([1]);
    expect(page.remarks).toEqual([
      {
        line: 2,
        column: 1,
        text: 'a second sample of one series of "m"; the first one is kept',
        isLoss: true,
        times: 2,
      },
    ]);
  });

  it('keeps the first of two lines also where TYPE stands between them', () => {
    const { families } = parsePage('h_count 1\n# TYPE h histogram\nh_count 2\n', { format: 'text' });

    expect(families.flatMap(({ samples }) => samples.map(({ value }) => value))).toEqual([1]);
  });

  it('keeps both samples of a series that have different times', () => {
    const { families, remarks } = parsePage('m 1 1000\nm 2 2000\nm 3 2000\n', { format: 'text' });

    expect(families[0]?.samples.map(({ value, timestampMs }) => [value, timestampMs])).toEqual([
      [1, 1000],
      [2, 2000],
    ]);
    expect(remarks).toMatchObject([{ line: 3, isLoss: true }]);
  });

  it('keeps the neighbours of a sample that does not fit its type', () => {
    const page = '# TYPE h histogram\nh_bucket{le="+Inf"} 3\nh_bucket{le="+Inf",a="x"} 3\nh_count 3\nh 5\nh_bucket 7\n';

    const { families } = parsePage(page, { format: 'text' });

    expect(families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
      ['h', 'histogram', 3],
      ['h', 'untyped', 1],
      ['h_bucket', 'untyped', 1],
    ]);
  });

  it('reads nothing behind a NUL byte, as Prometheus does, and says that something is missing', () => {
    const { families, remarks } = parsePage('m 1\n\0\nn 2\n', { format: 'text' });

    expect(families.map(({ name }) => name)).toEqual(['m']);
    expect(remarks).toEqual([
      { line: 2, column: 1, text: 'a NUL byte; nothing behind it is read', isLoss: true, times: 1 },
    ]);
  });

  it('reads a page with a comment that is not UTF-8', () => {
    const page = Buffer.concat([Buffer.from('# '), Buffer.of(0xbd), Buffer.from('\nm 1\n')]);

    expect(parsePage(page, { format: 'text' }).families).toHaveLength(1);
  });

  it('tells each oddity once, with the number of its lines, and no more than fifty', () => {
    const line = (name: string): string => `${name}{a="\\t"} 1\n`;
    const same = Array.from({ length: 7 }, (_, index) => line(`m${String(index)}`)).join('');
    const different = Array.from({ length: 70 }, (_, index) => `# HELP n${String(index)} a\n`).join('');

    expect(parsePage(same, { format: 'text' }).remarks).toMatchObject([{ line: 1, times: 7 }]);
    const { remarks } = parsePage(different + different, { format: 'text' });
    expect(remarks).toHaveLength(51);
    expect(remarks.at(-1)).toMatchObject({ text: 'other lines that are odd', times: 20 });
  });

  it.each([
    ['gzip', [0x1f, 0x8b, 8, 0], /compressed with gzip, and the answer does not say so/],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd], /compressed with zstd/],
    ['UTF-16', [0xff, 0xfe, 0x6d, 0], /UTF-16/],
  ])('names a body of %s by its first bytes', (_, bytes, reason) => {
    expect(failureOf(() => parsePage(Uint8Array.from(bytes), { format: 'text' })).reason).toMatch(reason);
  });

  it('reads a label value over many lines, and gives up at a thousand', () => {
    const over = (lines: number): string => `m{a="${'x\n'.repeat(lines)}"} 1\n`;

    expect(parsePage(over(900), { format: 'text' }).families).toHaveLength(1);
    expect(failureOf(() => parsePage(`${over(1100)}n 1\n`, { format: 'text' })).reason).toMatch(/does not end/);
  });

  it('reads a line of megabytes', () => {
    const value = 'x'.repeat(3_000_000);

    const { families } = parsePage(`m{a="${value}"} 1\n`, { format: 'text' });

    expect(families[0]?.samples[0]?.labels.get('a')).toBe(value);
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
    ['a line without an end', 'x'.repeat(200), { maxBytes: 100 }, /larger than 100 bytes/],
    ['series', 'a 1\nb 1\nc 1\n', { maxSeries: 2 }, /more than 2/],
    ['metrics without samples', '# TYPE a gauge\n# TYPE b gauge\n# TYPE c gauge\n', { maxMetrics: 2 }, /more than 2/],
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
