/** Tests of the parser of metrics pages with arbitrary bytes and with pages that were written at random. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildHistograms } from '../../lambda/prometheus-text/histograms.ts';
import type { Page } from '../../lambda/prometheus-text/page.ts';
import { createPageParser } from '../../lambda/prometheus-text/parser.ts';
import { PageSyntaxError } from '../../lambda/prometheus-text/syntax-error.ts';
import { accepted, odd, rejected } from './vectors.ts';

const limits = { maxBytes: 4096, maxSeries: 20, maxMetrics: 20 };

/** Pieces that make a page nearly right, so that the rare branches are reached. */
const fragment = fc.oneof(
  fc.constantFrom(
    ...accepted.map(({ page }) => page),
    ...odd.map(([{ page }]) => page),
    ...rejected.map(([page]) => page),
  ),
  fc.constantFrom('# TYPE ', '# HELP ', '# UNIT ', '# EOF\n', 'm', 'h_bucket', '{', '}', '"', '\\', 'le="', ',', '='),
  fc.constantFrom(' ', '\t', '\n', '\r\n', '1', 'NaN', '+Inf', '-', ' # {', '\0', '\u{feff}', '\u{d7ff}', '#'),
  fc.string({ maxLength: 12, unit: 'binary' }),
);
const page = fc.oneof(
  fc.array(fragment, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 400 }),
);

/** The page, or the parser's own error; anything else fails the test. */
function outcomeOf(bytes: Uint8Array, cuts: readonly number[], format: 'text' | 'openmetrics'): Page | PageSyntaxError {
  const parser = createPageParser({ format, limits });
  try {
    let from = 0;
    for (const cut of [
      ...cuts.map((share) => Math.floor(share * bytes.byteLength)).sort((a, b) => a - b),
      bytes.byteLength,
    ]) {
      parser.write(bytes.subarray(from, cut));
      from = Math.max(from, cut);
    }
    return parser.end();
  } catch (error) {
    if (error instanceof PageSyntaxError) return error;
    throw error;
  }
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe.each(['text', 'openmetrics'] as const)('any bytes read as %s', (format) => {
  it('give a page within the limits or the parser’s own error with a place', () => {
    fc.assert(
      fc.property(page, (bytes) => {
        const outcome = outcomeOf(bytes, [], format);
        if (outcome instanceof PageSyntaxError) {
          expect(outcome.line).toBeGreaterThanOrEqual(1);
          expect(outcome.column).toBeGreaterThanOrEqual(1);
          expect(outcome.message.length).toBeLessThan(400);
          return;
        }
        const samples = outcome.families.reduce((sum, family) => sum + family.samples.length, 0);
        expect(samples).toBeLessThanOrEqual(limits.maxSeries);
        for (const family of outcome.families) buildHistograms(family);
      }),
      { numRuns: 2000 },
    );
  });

  it('give the same in whatever pieces they come', () => {
    fc.assert(
      fc.property(page, fc.array(share, { maxLength: 6 }), (bytes, cuts) => {
        const whole = outcomeOf(bytes, [], format);
        const pieces = outcomeOf(bytes, cuts, format);
        if (whole instanceof PageSyntaxError) expect(pieces).toBeInstanceOf(PageSyntaxError);
        else expect(pieces).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what a page says', () => {
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,10}$/);
  const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,8}$/);
  const text = fc.string({ minLength: 1, maxLength: 10, unit: 'grapheme' });
  const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(NaN, Infinity, -Infinity, -0));

  it('comes back as it was written, for any labels and values', () => {
    const line = fc.record({
      name,
      labels: fc.uniqueArray(fc.tuple(label, text), { selector: ([key]) => key }),
      value,
    });
    fc.assert(
      fc.property(line, (sample) => {
        const written = `${sample.name}{${sample.labels.map(([key, own]) => `${key}="${escaped(own)}"`).join(',')}} ${spelled(sample.value)} 7\n`;
        const parser = createPageParser({ format: 'text' });
        parser.write(Buffer.from(written));
        const [read] = parser.end().families.flatMap(({ samples }) => samples);

        expect(read?.name).toBe(sample.name);
        expect(read?.value).toBe(sample.value);
        expect(read?.timestampMs).toBe(7);
        expect(Object.fromEntries(read?.labels ?? [])).toEqual(Object.fromEntries(sample.labels));
      }),
    );
  });
});

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function spelled(value: number): string {
  if (Object.is(value, -0)) return '-0';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
