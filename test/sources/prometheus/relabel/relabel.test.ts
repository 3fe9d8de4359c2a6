/** Tests of relabelling rules, with the results that Prometheus has. */
import { describe, expect, it } from 'vitest';
import { PrometheusConfig } from '../../../../lambda/sources/prometheus/config.ts';
import { createRelabeller } from '../../../../lambda/sources/prometheus/relabel/relabel.ts';

const series = { __name__: 'm', a: 'x', b: 'y-z', job: 'j' };

function relabelled(...rules: readonly object[]): object | undefined {
  const config = PrometheusConfig.parse({
    kind: 'prometheus',
    targets: [{ url: 'https://host/metrics' }],
    relabel: rules,
  });
  const labels = createRelabeller(config.relabel)(new Map(Object.entries(series)));
  return labels === undefined ? undefined : Object.fromEntries(labels);
}

describe('relabelling', () => {
  it.each([
    ['keep what matches', { action: 'keep', sourceLabels: ['a', 'b'], regex: 'x;y-.' }, series],
    ['keep nothing else', { action: 'keep', sourceLabels: ['a'], regex: 'X' }, undefined],
    ['drop what matches', { action: 'drop', sourceLabels: ['__name__'], regex: 'm|n' }, undefined],
    ['match whole texts only', { action: 'drop', sourceLabels: ['b'], regex: 'y' }, series],
    ['take a missing label for empty', { action: 'drop', sourceLabels: ['none'], regex: '' }, undefined],
    [
      'replace with groups',
      { sourceLabels: ['b'], regex: '(.)-(?P<last>.)', targetLabel: 'c', replacement: '${last}$1$$' },
      { ...series, c: 'zy$' },
    ],
    ['read $1x as the group of that name', { sourceLabels: ['a'], targetLabel: 'c', replacement: '$1x' }, series],
    ['leave what does not match', { sourceLabels: ['a'], regex: 'no', targetLabel: 'a', replacement: 'n' }, series],
    ['remove a label by an empty value', { targetLabel: 'a', replacement: '' }, { __name__: 'm', b: 'y-z', job: 'j' }],
    [
      'join with a separator of its own',
      { sourceLabels: ['a', 'b'], separator: '/', targetLabel: 'c' },
      { ...series, c: 'x/y-z' },
    ],
    [
      'map label names',
      { action: 'labelmap', regex: '([ab])', replacement: 'is_$1' },
      { ...series, is_a: 'x', is_b: 'y-z' },
    ],
    ['drop labels', { action: 'labeldrop', regex: '[ab]' }, { __name__: 'm', job: 'j' }],
    ['keep labels, and the name', { action: 'labelkeep', regex: 'a' }, { __name__: 'm', a: 'x' }],
    ['rename a metric', { targetLabel: '__name__', replacement: 'n' }, { ...series, __name__: 'n' }],
  ])('can %s', (_, rule, expected) => {
    expect(relabelled(rule)).toEqual(expected);
  });

  it('applies rules in their order', () => {
    const moved = relabelled(
      { sourceLabels: ['a'], targetLabel: 'tmp' },
      { action: 'labeldrop', regex: 'a' },
      { action: 'keep', sourceLabels: ['tmp'], regex: 'x' },
    );

    expect(moved).toEqual({ __name__: 'm', b: 'y-z', job: 'j', tmp: 'x' });
  });
});
