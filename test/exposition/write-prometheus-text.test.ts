/** Tests of writing a page in the Prometheus text format. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Omission, describeOmissions } from '../../lambda/exposition/omission.ts';
import { writePrometheusText } from '../../lambda/exposition/write-prometheus-text.ts';
import type { MetricFamily } from '../../lambda/model/metric.ts';
import { counterOf, distributionOf, gaugeOf } from '../sinks/remote-write/batches.ts';
import { expectGolden } from '../support/golden.ts';
import { gaugeFamily } from '../support/metric-arbitraries.ts';

const one = [{ labels: {}, value: 1 }];
const histogram = { bounds: [0.5, 10, 60], counts: [1, 0, 2, 1], sum: 130.5, startMs: 0 };

/** Every type and every character that the format escapes. */
const everything: readonly MetricFamily[] = [
  gaugeOf(
    'ci_queue_jobs',
    [
      { labels: { queue: 'deploy', source: 'main' }, value: 3 },
      { labels: { queue: 'a "quoted" \\ path\nin two lines', source: 'main' }, value: 0.25 },
      { labels: { queue: 'übung 🚀', source: 'main' }, value: -1e21 },
    ],
    { help: 'Jobs \\ by state,\nin "queues".' },
  ),
  gaugeOf('ci_special', [
    { labels: { is: 'not a number' }, value: NaN },
    { labels: { is: 'endless' }, value: Infinity },
    { labels: { is: 'endless below' }, value: -Infinity },
    { labels: { is: 'largest' }, value: Number.MAX_VALUE },
    { labels: { is: 'smallest' }, value: Number.MIN_VALUE },
    { labels: { is: 'no zero' }, value: -0 },
  ]),
  counterOf('ci_jobs_total', [{ labels: { queue: 'deploy' }, increase: 2, total: { value: 41, startMs: 0 } }]),
  distributionOf('ci_job_wait_seconds', [{ labels: { queue: 'deploy' }, observations: [3], total: histogram }]),
];

describe('the text exposition', () => {
  it('is what a scraper reads', async () => {
    const { text, samples, omissions } = await writePrometheusText(everything);

    await expectGolden('exposition/everything/expected.prom', text);
    expect({ samples, omissions }).toEqual({ samples: 11, omissions: [] });
  });

  it('is the same text for the same families, whatever the order of families, samples and labels', async () => {
    const shuffled = everything.toReversed().map((family): MetricFamily => {
      if (family.type !== 'gauge') return family;
      const samples = family.samples.toReversed().map(({ labels, value }) => ({
        labels: Object.fromEntries(Object.entries(labels).toReversed()),
        value,
      }));
      return { ...family, samples };
    });

    const { text } = await writePrometheusText(shuffled);

    expect(text).toBe((await writePrometheusText(everything)).text);
  });

  it('is empty without a sample, not a page of headings', async () => {
    const { text } = await writePrometheusText([gaugeOf('ci_queue_jobs', [])]);

    expect(text).toBe('');
  });

  it('forgets the page before', async () => {
    await writePrometheusText([gaugeOf('ci_before', one)]);

    const { text } = await writePrometheusText([gaugeOf('ci_now', one)]);

    expect(text).toBe('# HELP ci_now Help of ci_now.\n# TYPE ci_now gauge\nci_now 1\n');
  });

  it('joins the families of one name under one heading', async () => {
    const { text } = await writePrometheusText([
      gaugeOf('ci_up', [{ labels: { source: 'b' }, value: 0 }]),
      gaugeOf('ci_other', one),
      gaugeOf('ci_up', [{ labels: { source: 'a' }, value: 1 }]),
    ]);

    expect(text).toContain('# TYPE ci_up gauge\nci_up{source="a"} 1\nci_up{source="b"} 0\n');
    expect(text.match(/# TYPE ci_up/g)).toHaveLength(1);
  });

  it('keeps all labels of samples whose label names differ', async () => {
    const { text } = await writePrometheusText([
      gaugeOf('ci_x', [
        { labels: { b: '1', a: '1' }, value: 1 },
        { labels: { c: '2', a: '2' }, value: 2 },
        { labels: { d: '3', b: '3', a: '3' }, value: 3 },
      ]),
    ]);

    expect(text.split('\n').filter((line) => line.startsWith('ci_x'))).toEqual(
      expect.arrayContaining(['ci_x{a="1",b="1"} 1', 'ci_x{a="2",c="2"} 2', 'ci_x{a="3",b="3",d="3"} 3']),
    );
  });

  it('has one line for each sample, in the order of the labels', async () => {
    await fc.assert(
      fc.asyncProperty(gaugeFamily, async (family) => {
        const { text, samples } = await writePrometheusText([family]);

        const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
        expect(samples).toBe(family.samples.length);
        expect(lines).toHaveLength(samples);
        expect(new Set(lines.map((line) => line.slice(0, line.lastIndexOf(' '))))).toHaveProperty('size', samples);
      }),
    );
  });
});

describe('what a page leaves out', () => {
  const ok = gaugeOf('ci_ok', one);
  const flawed: readonly (readonly [string, readonly MetricFamily[], Omission])[] = [
    [
      'a counter that is known as an increase only',
      [counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }])],
      { metric: 'ci_jobs_total', samples: 1, reason: 'no-total' },
    ],
    [
      'a distribution without a running total',
      [distributionOf('ci_wait_seconds', [{ labels: {}, observations: [1, 2] }])],
      { metric: 'ci_wait_seconds', samples: 1, reason: 'no-total' },
    ],
    [
      'a histogram with more counts than buckets',
      [
        distributionOf('ci_wait_seconds', [
          { labels: {}, observations: [], total: { ...histogram, counts: [1, 2, 3, 4, 5] } },
        ]),
      ],
      { metric: 'ci_wait_seconds', samples: 1, reason: 'histogram' },
    ],
    [
      'a histogram whose bounds do not ascend',
      [
        distributionOf('ci_wait_seconds', [
          { labels: {}, observations: [], total: { ...histogram, bounds: [1, 1, 2] } },
        ]),
      ],
      { metric: 'ci_wait_seconds', samples: 1, reason: 'histogram' },
    ],
    [
      'a name that is not one of Prometheus',
      [gaugeOf('ci-jobs', one)],
      { metric: 'ci-jobs', samples: 1, reason: 'metric-name' },
    ],
    [
      'a label name that is not one of Prometheus',
      [gaugeOf('ci_jobs', [{ labels: { 'queue.name': 'a' }, value: 1 }])],
      { metric: 'ci_jobs', samples: 1, reason: 'label-name' },
    ],
    [
      'a label name that belongs to Prometheus',
      [gaugeOf('ci_jobs', [{ labels: Object.fromEntries([['__proto__', 'a']]), value: 1 }])],
      { metric: 'ci_jobs', samples: 1, reason: 'label-name' },
    ],
    [
      'a second sample of a series',
      [gaugeOf('ci_jobs', one), gaugeOf('ci_jobs', [{ labels: {}, value: 7 }])],
      { metric: 'ci_jobs', samples: 1, reason: 'duplicate' },
    ],
    [
      'a second type of a metric',
      [gaugeOf('ci_jobs', one), counterOf('ci_jobs', [{ labels: {}, increase: 1, total: { value: 7, startMs: 0 } }])],
      { metric: 'ci_jobs', samples: 1, reason: 'type' },
    ],
  ];

  it.each(flawed)('is %s, and nothing else', async (_, families, omission) => {
    const { text, omissions } = await writePrometheusText([ok, ...families]);

    expect(omissions).toEqual([omission]);
    expect(text).toContain('ci_ok 1\n');
    expect(text).not.toContain('7');
  });

  it('is told once for each reason, with the remedy', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const omissions: readonly Omission[] = [
      ...names.map((metric) => ({ metric, samples: 2, reason: 'no-total' as const })),
      { metric: 'h', samples: 1, reason: 'duplicate' },
    ];

    expect(describeOmissions(omissions, 'stdout/stdout')).toEqual([
      {
        kind: 'rejected',
        where: 'stdout/stdout',
        message:
          'left out a (2 samples), b (2 samples), c (2 samples), d (2 samples), e (2 samples) and 2 others: only known as an increase since the last run, which a page of running totals cannot show; a source with durable state gives totals, or leave the metric out with `metrics.exclude`',
      },
      {
        kind: 'rejected',
        where: 'stdout/stdout',
        message:
          'left out h (1 sample): the same labels as another sample of this run; the first one is kept; rename one of them in the CI system',
      },
    ]);
  });
});
