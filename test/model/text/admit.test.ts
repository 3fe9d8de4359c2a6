/** What a source says is made storable before anything else sees it. */
import { describe, expect, it } from 'vitest';
import { admitFamilies, admitProblem, admitRelayed } from '../../../lambda/model/text/admit.ts';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge } from '../../../lambda/model/metric.ts';

const labels = { system: 'x', source: 'main', scope: 'a', state: 'queued' };

describe('an admitted family', () => {
  it('is the same object when there is nothing to change', () => {
    const family = buildGauge(queueJobs, [{ labels: { ...labels, queue: 'default' }, value: 1 }]);

    expect(admitFamilies([family])[0]).toBe(family);
  });

  it('has values that can be stored, and a name where nothing of one is left', () => {
    const queues = ['a\u001b[31mb', '\u0007', ''];
    const family = buildGauge(
      queueJobs,
      queues.map((queue, index) => ({ labels: { ...labels, queue }, value: index })),
    );

    const { samples = [] } = admitFamilies([family])[0] ?? {};

    expect(samples.map((sample) => sample.labels['queue'])).toEqual(['a [31mb~re022k5v', 'unnamed', '']);
  });

  it('combines what cannot be told apart, so that no series comes twice', () => {
    const family = buildGauge(queueJobs, [
      { labels: { ...labels, queue: 'ä' }, value: 2 },
      { labels: { ...labels, queue: 'a\u0308' }, value: 3 },
    ]);

    expect(admitFamilies([family])[0]?.samples).toEqual([{ labels: { ...labels, queue: 'ä' }, value: 5 }]);
  });
});

describe("another system's series", () => {
  it('keep their length, their blanks and line feeds, and lose what acts on a screen', () => {
    const path = `/ ${'x'.repeat(200)}\n `;
    const family = admitRelayed({
      name: 'jobs',
      type: 'gauge',
      help: 'Jobs\nby \u001b[31mqueue\u202e.',
      about: 'target',
      samples: [
        { name: 'jobs', labels: { path }, value: 1 },
        {
          name: 'jobs\u001b',
          labels: { 'a\u009b': 'b\u2066' },
          value: 2,
          exemplar: { labels: { url: 'https://a.example/\u202e' }, value: 1 },
        },
      ],
    });

    expect(family.help).toBe('Jobs\nby  [31mqueue .');
    expect(family.samples[0]).toEqual({ name: 'jobs', labels: { path }, value: 1 });
    expect(JSON.stringify(family.samples[1])).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\\u/u);
    expect(family.samples[1]?.exemplar?.labels['url']).toMatch(/^https:\/\/a\.example\/ ~\w{8}$/);
  });
});

describe('an admitted problem', () => {
  it('quotes strangers on one line', () => {
    expect(admitProblem({ kind: 'rejected', where: 'a\nb', message: 'said \u001b]0;x\u0007\ud800' })).toEqual({
      kind: 'rejected',
      where: 'a b',
      message: 'said  ]0;x \ufffd',
    });
  });
});
