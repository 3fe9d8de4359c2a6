/** Tests of putting the lines of a histogram on a metrics page together. */
import { describe, expect, it } from 'vitest';
import { buildHistograms } from '../../lambda/prometheus-text/histograms.ts';
import { parsePage } from '../../lambda/prometheus-text/parser.ts';

function histograms(lines: string) {
  const [family] = parsePage(`# TYPE h histogram\n${lines}`, { format: 'text' }).families;
  if (family === undefined) throw new Error('no family');
  return buildHistograms(family);
}

describe('putting a histogram together', () => {
  it('loses no labels, no sum and no count of label sets whose lines are mixed', () => {
    const { histograms: found } = histograms(
      [
        'h_sum{a="y"} 9',
        'h_bucket{le="+Inf",a="x"} 3',
        'h_bucket{a="y",le="+Inf"} 1',
        'h_bucket{a="x",le="2"} 2',
        'h_count{a="x"} 3',
        'h_bucket{a="x",le="0.5"} 1',
        'h_sum{a="x"} -4',
        '',
      ].join('\n'),
    );

    expect(found).toEqual([
      { labels: new Map([['a', 'y']]), bounds: [], counts: [1], sum: 9, exemplars: [] },
      { labels: new Map([['a', 'x']]), bounds: [0.5, 2], counts: [1, 1, 1], sum: -4, exemplars: [] },
    ]);
  });

  it.each([
    ['without +Inf', 'h_bucket{le="1"} 1\nh_count 1\n'],
    ['without a bucket', 'h_sum 1\nh_count 1\n'],
    ['whose count is not +Inf', 'h_bucket{le="+Inf"} 1\nh_count 2\n'],
    ['whose buckets fall', 'h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_count 1\n'],
    ['with a bucket that is NaN', 'h_bucket{le="1"} NaN\nh_bucket{le="+Inf"} 1\n'],
  ])('tells a histogram %s apart and keeps its neighbours', (_, lines) => {
    const { histograms: found, unsound } = histograms(`${lines}h_bucket{a="ok",le="+Inf"} 0\n`);

    expect(unsound).toEqual([new Map()]);
    expect(found.map(({ labels }) => labels.get('a'))).toEqual(['ok']);
  });

  it('takes two spellings of a bound for one, and the first of its lines', () => {
    const { histograms: found } = histograms('h_bucket{le="1"} 1\nh_bucket{le="1.0"} 2\nh_bucket{le="+Inf"} 3\n');

    expect(found[0]).toMatchObject({ bounds: [1], counts: [1, 2] });
  });
});
