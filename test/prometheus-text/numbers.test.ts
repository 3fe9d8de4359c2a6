/** How bounds and quantiles are spelled; the right column is what Prometheus 3.16 stored. */
import { expect, it } from 'vitest';
import { formatBound } from '../../lambda/prometheus-text/numbers.ts';

it.each([
  [1, '1.0'],
  [0, '0.0'],
  [-0, '0.0'],
  [-1, '-1.0'],
  [0.5, '0.5'],
  [999_999, '999999.0'],
  [1e6, '1e+06'],
  [1_234_567, '1.234567e+06'],
  [1e100, '1e+100'],
  [1e-4, '0.0001'],
  [9.9e-5, '9.9e-05'],
  [1e-300, '1e-300'],
  [-1e-10, '-1e-10'],
  [123_456.789, '123456.789'],
  [NaN, 'NaN'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
])('writes %d as %s', (value, text) => {
  expect(formatBound(value)).toBe(text);
});
