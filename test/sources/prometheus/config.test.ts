/** Tests of the configuration of the source `prometheus`. */
import { describe, expect, it } from 'vitest';
import { prometheus } from '../../../lambda/sources/prometheus/index.ts';
import { profiles } from '../../../lambda/sources/prometheus/profiles.ts';

const minimal = { kind: 'prometheus', targets: [{ url: 'https://host:9090/metrics' }] };

describe('the configuration of a Prometheus source', () => {
  it('needs nothing but a target, and no memory', () => {
    const { name, system, secrets, needsState, metrics } = prometheus.prepare(minimal);

    expect([name, system, secrets, needsState, metrics]).toEqual(['prometheus', 'prometheus', [], false, []]);
  });

  it('needs memory where increases are wanted, and none for levels', () => {
    const gauge = { metric: 'jobs', type: 'gauge' };

    expect(prometheus.prepare({ ...minimal, measures: [gauge] }).needsState).toBe(false);
    expect(
      prometheus.prepare({ ...minimal, measures: [gauge, { metric: 'a_total', type: 'counter' }] }).needsState,
    ).toBe(true);
    expect(prometheus.prepare({ ...minimal, profile: 'buildkite-agent' }).needsState).toBe(false);
    expect(prometheus.prepare({ ...minimal, profile: 'buildkite-agent', measures: 'profile' }).needsState).toBe(true);
  });

  it('declares exactly the measures, with their dimensions', () => {
    const measures = [{ metric: 'wait_seconds', type: 'histogram', labels: ['queue'] }];

    const [metric] = prometheus.prepare({ ...minimal, measures }).metrics;

    expect(metric).toMatchObject({
      name: 'wait_seconds',
      type: 'distribution',
      unit: 'seconds',
      labels: ['instance', 'job', 'queue'],
      reduced: true,
      cloudWatch: { namespace: { vendor: 'Prometheus' }, dimensionSets: [['job', 'queue']], unit: 'Seconds' },
    });
  });

  it('grants every secret', () => {
    const [bearer, ca, cert, key] = ['bearer', 'ca', 'cert', 'key'].map((secret) => ({ secret }));

    expect(prometheus.prepare({ ...minimal, auth: { bearer }, tls: { ca, cert, key } }).secrets).toEqual([
      bearer,
      ca,
      cert,
      key,
    ]);
  });

  it.each([
    ['a target that would be read in plain text', { targets: [{ url: 'http://host/metrics' }] }, /plaintext/],
    ['no target', { targets: [] }, /targets/],
    [
      'a target beside one that is no URL',
      { targets: [{ url: '5' }, minimal.targets[0]] },
      /must be an http or https URL/,
    ],
    ['the same target twice', { targets: [minimal.targets[0], minimal.targets[0]] }, /same target twice/],
    ['a pattern that is too long', { relabel: [{ action: 'labeldrop', regex: 'a'.repeat(1001) }] }, /relabel/],
    ['replace without a target label', { relabel: [{ sourceLabels: ['a'] }] }, /targetLabel/],
    ['keep without labels', { relabel: [{ action: 'keep', regex: 'a' }] }, /keep and drop/],
    ['an action that does not exist', { relabel: [{ action: 'hashmod' }] }, /action/],
    ['measures of no profile', { measures: 'profile' }, /no profile/],
    ['a measure by its instance', { measures: [{ metric: 'm', type: 'gauge', labels: ['instance'] }] }, /kept anyhow/],
    [
      'two pages of one host that nothing tells apart',
      { targets: [{ url: 'https://h/probe?target=a' }, { url: 'https://h/probe?target=b' }] },
      /has the same labels as another target \(instance h:443\).*give each an instance of its own/s,
    ],
    [
      'the same instance for two pages',
      {
        targets: [
          { url: 'https://a/metrics', instance: 'x', labels: { env: 'p' } },
          { url: 'https://b/metrics', instance: 'x', labels: { env: 'p' } },
        ],
      },
      /instance x/,
    ],
    ['a reserved label', { targets: [{ url: 'https://h/metrics', labels: { __x: '1' } }] }, /label name/],
    ['a setting that does not exist', { scrapeInterval: 1 }, /scrapeInterval/],
  ])('refuses %s', (_, more, message) => {
    expect(() => prometheus.prepare({ ...minimal, ...more })).toThrow(message);
  });

  it('has the metrics of the agent’s health-check service in its profile, each by its name', () => {
    expect(profiles['buildkite-agent'].include).toHaveLength(17);
    expect(profiles['buildkite-agent'].include.every((name) => name.startsWith('buildkite_agent_'))).toBe(true);
  });

  it('tells pages of one host apart by an instance or by labels of their own', () => {
    const url = 'https://h/probe?target=';
    const named = [
      { url: `${url}a`, instance: 'a' },
      { url: `${url}b`, instance: 'b' },
    ];
    const labelled = [
      { url: `${url}a`, labels: { probed: 'a' } },
      { url: `${url}b`, labels: { probed: 'b' } },
    ];

    expect([named, labelled].map((targets) => prometheus.prepare({ kind: 'prometheus', targets }).name)).toEqual([
      'prometheus',
      'prometheus',
    ]);
  });
});
