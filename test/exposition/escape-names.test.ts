/** Tests of the ways in which Prometheus escapes metric and label names. */
import { describe, expect, it } from 'vitest';
import { escapeName, escapeRelayed } from '../../lambda/exposition/escape-names.ts';
import { relayedOf } from '../sinks/remote-write/batches.ts';

describe('names by the schemes of Prometheus', () => {
  // prometheus/docs, escaping_schemes.md, and TestEscapeName of prometheus/common.
  it.each([
    ['no:escaping_required', 'no:escaping_required', 'no:escaping__required', 'no:escaping_required'],
    [
      'mysystem.prod.west.cpu.load',
      'mysystem_prod_west_cpu_load',
      'mysystem_dot_prod_dot_west_dot_cpu_dot_load',
      'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load',
    ],
    [
      'mysystem.prod.west.cpu.load_total',
      'mysystem_prod_west_cpu_load_total',
      'mysystem_dot_prod_dot_west_dot_cpu_dot_load__total',
      'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load__total',
    ],
    ['http.status:sum', 'http_status:sum', 'http_dot_status:sum', 'U__http_2e_status:sum'],
    ['label with 😱', 'label_with__', 'label__with____', 'U__label_20_with_20__1f631_'],
    ['花火', '__', '____', 'U___82b1__706b_'],
    ['0', '_', '__', 'U___30_'],
  ])('%s', (name, underscores, dots, values) => {
    expect(escapeName(name, 'underscores')).toBe(underscores);
    expect(escapeName(name, 'dots')).toBe(dots);
    expect(escapeName(name, 'values')).toBe(values);
    expect(escapeName(name, 'allow-utf-8')).toBe(name);
  });

  it('leaves a sample out of which two labels would have one name, and counts it', () => {
    const family = relayedOf('m', [
      { labels: { 'a.b': '1', a_b: '2' }, value: 1 },
      { labels: { 'a.b': '1' }, value: 2 },
    ]);

    const { families, omissions } = escapeRelayed([family], 'underscores');

    expect(families[0]?.samples).toEqual([{ name: 'm', labels: { a_b: '1' }, value: 2 }]);
    expect(omissions).toEqual([{ metric: 'm', samples: 1, reason: 'label-name' }]);
  });
});
