/** Tests of reading the ages that the Kubernetes API writes into tables. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAge } from '../../../../lambda/demo/simulators/tekton/human-duration.ts';
import { isExact, parseAge } from '../../../../lambda/sources/tekton/cluster/age.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);

describe('an age in a table', () => {
  it.each([
    ['0s', 0, 1],
    ['119s', 119, 1],
    ['5m', 300, 1],
    ['9m59s', 599, 1],
    ['10m', 600, 60],
    ['179m', 179 * 60, 60],
    ['3h1m', 181 * 60, 60],
    ['7h', 7 * 3600, 60],
    ['8h', 8 * 3600, 3600],
    ['47h', 47 * 3600, 3600],
    ['2d3h', 51 * 3600, 3600],
    ['8d', 8 * 86_400, 86_400],
    ['729d', 729 * 86_400, 86_400],
    ['2y3d', (2 * 365 + 3) * 86_400, 86_400],
    ['9y', 9 * 365 * 86_400, 365 * 86_400],
  ])('%s', (text, seconds, step) => {
    expect(parseAge(text, nowMs)).toEqual({ fromMs: nowMs - (seconds + step) * 1000, toMs: nowMs - seconds * 1000 });
  });

  it.each([null, undefined, '', '<invalid>', '<unknown>', 'yesterday', '5', 'm', '1h1d', 12])(
    'tells nothing: %s',
    (cell) => {
      expect(parseAge(cell, nowMs)).toBeUndefined();
    },
  );

  it('holds the moment that the API server has cut to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000_000_000_000 }), (ageMs) => {
        const span = parseAge(formatAge(ageMs), nowMs);

        expect(span).toBeDefined();
        expect((span?.fromMs ?? Infinity) < nowMs - ageMs && nowMs - ageMs <= (span?.toMs ?? 0)).toBe(true);
        if (ageMs < 600_000) expect(span !== undefined && isExact(span)).toBe(true);
      }),
    );
  });

  it('never throws, whatever a cell holds', () => {
    fc.assert(
      fc.property(fc.anything(), (cell) => {
        parseAge(cell, nowMs);
      }),
    );
  });
});
