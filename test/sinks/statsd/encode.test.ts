/** What a batch becomes on the wire, line by line. */
import { describe, expect, it } from 'vitest';
import { queueJobs } from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildCounter, buildDistribution, buildGauge } from '../../../lambda/model/metric.ts';
import { jobsFinished, jobWait } from '../../../lambda/model/catalogue/job-metrics.ts';
import { StatsdConfig } from '../../../lambda/sinks/statsd/config.ts';
import { packLines } from '../../../lambda/sinks/statsd/encode/pack-datagrams.ts';
import { answer, batch, part, tickMs, vendorFamilies } from '../cloudwatch/batches.ts';
import { distributionOf, gaugeOf } from '../remote-write/batches.ts';
import { encoded, textsOf } from './harness.ts';

const labels = { system: 'buildkite', source: 'main', scope: 'Linux', queue: 'default' };

function jobs(...levels: readonly (readonly [queue: string, value: number])[]) {
  const samples = levels.map(([queue, value]) => ({ labels: { ...labels, queue, state: 'queued' }, value }));
  return batch([part([buildGauge(queueJobs, samples)])]);
}

const finished = batch([
  part([
    buildCounter(jobsFinished, [
      { labels: { ...labels, result: 'success' }, increase: 3, total: { value: 70, startMs: 0 } },
      { labels: { ...labels, result: 'failure' }, increase: 0, total: { value: 7, startMs: 0 } },
    ]),
    buildDistribution(jobWait, [{ labels, observations: [0.07, 12] }]),
  ]),
]);

describe('lines without tags', () => {
  it('have the labels in their names, in the order of the definition', () => {
    expect(textsOf(encoded(jobs(['default', 5])))).toEqual(['ci_queue_jobs.buildkite.main.Linux.default.queued:5|g']);
  });

  it('have increases as counters, none for what stood still, and observations in milliseconds', () => {
    expect(textsOf(encoded(finished, { prefix: 'acme.' }))).toEqual([
      'acme.ci_jobs_total.buildkite.main.Linux.default.success:3|c',
      'acme.ci_job_wait_seconds.buildkite.main.Linux.default:70|ms',
      'acme.ci_job_wait_seconds.buildkite.main.Linux.default:12000|ms',
    ]);
  });

  it.each([
    ['web.app', 'web_app'],
    ['a:b|c@d#e', 'a_b_c_d_e'],
    ['line\nfeed', 'line_feed'],
    ['Ä', '_'],
    ['', '-'],
  ])('have %j as the level %j of a name', (queue, level) => {
    expect(textsOf(encoded(jobs([queue, 1])))).toEqual([`ci_queue_jobs.buildkite.main.Linux.${level}.queued:1|g`]);
  });
});

describe('lines with tags', () => {
  it('have labels as tags, with the deployment and the constant ones, and seconds for distributions', () => {
    const given = { tags: 'dogstatsd', observations: 'd', constantTags: { env: 'prod', source: 'never' } };

    expect(textsOf(encoded(finished, given))).toEqual([
      'ci_jobs_total:3|c|#system:buildkite,source:main,scope:Linux,queue:default,result:success,collector:ci,env:prod',
      'ci_job_wait_seconds:0.07|d|#system:buildkite,source:main,scope:Linux,queue:default,collector:ci,env:prod',
      'ci_job_wait_seconds:12|d|#system:buildkite,source:main,scope:Linux,queue:default,collector:ci,env:prod',
    ]);
  });

  it('have the time of the tick on levels and counters only', () => {
    const texts = textsOf(encoded(finished, { tags: 'dogstatsd', timestamps: 'send' }));

    const seconds = String(tickMs / 1000);
    expect(texts.map((text) => text.endsWith(`|T${seconds}`))).toEqual([true, false, false]);
  });

  it('have values without what ends a tag, and letters of any script', () => {
    const [text] = textsOf(encoded(jobs(['Ä,b|c d:e/f', 1]), { tags: 'dogstatsd' }));

    expect(text).toContain(',queue:Ä_b_c_d:e/f,');
  });

  it('cut a tag where Datadog would', () => {
    const [text = ''] = textsOf(encoded(jobs(['x'.repeat(300), 1]), { tags: 'dogstatsd' }));

    const tag = text.split(',').find((one) => one.startsWith('queue:'));
    expect(tag).toHaveLength(200);
  });
});

describe('levels', () => {
  it('below 0 are set to 0 first, so that the sign is no change', () => {
    const name = 'ci_queue_jobs.buildkite.main.Linux.a.queued';

    expect(textsOf(encoded(jobs(['a', -5])))).toEqual([`${name}:0|g\n${name}:-5|g`]);
  });

  it('with a time are one line, whatever their sign', () => {
    const [text] = textsOf(encoded(jobs(['a', -5]), { tags: 'dogstatsd', timestamps: 'send' }));

    expect(text).toMatch(/^ci_queue_jobs:-5\|g\|#\S+\|T\d+$/);
    expect(text).not.toContain('\n');
  });

  it('have no sign at 0', () => {
    expect(textsOf(encoded(jobs(['a', -0])))).toEqual(['ci_queue_jobs.buildkite.main.Linux.a.queued:0|g']);
  });
});

describe('what no StatsD takes', () => {
  it('is left out and told, and costs its neighbours nothing', () => {
    const { findings, ...rest } = encoded(jobs(['a', NaN], ['b', Infinity], ['c', 7]));

    expect(textsOf({ findings, ...rest })).toEqual(['ci_queue_jobs.buildkite.main.Linux.c.queued:7|g']);
    expect(findings).toMatchObject([{ reason: 'number', metric: 'ci_queue_jobs', samples: 2 }]);
  });

  it('is an observation that is no number in milliseconds', () => {
    const family = distributionOf('ci_wait_seconds', [{ labels: {}, observations: [1, Number.MAX_VALUE] }]);
    const { findings, lostSums, ...rest } = encoded(batch([part([family])]));

    expect(textsOf({ findings, lostSums, ...rest })).toEqual(['ci_wait_seconds:1000|ms']);
    expect(findings).toMatchObject([{ reason: 'number', metric: 'ci_wait_seconds', samples: 1 }]);
    expect(lostSums).toBe(1);
  });

  it('is a line that is longer than a datagram; a counter among them is lost, and counted', () => {
    const samples = ['x'.repeat(300), 'a'].map((queue) => ({
      labels: { ...labels, queue, result: 'success' },
      increase: 1,
    }));
    const { findings, lostSums, ...rest } = encoded(batch([part([buildCounter(jobsFinished, samples)])]), {
      datagramBytes: 256,
    });

    expect(textsOf({ findings, lostSums, ...rest })).toHaveLength(1);
    expect(findings).toMatchObject([{ reason: 'size', samples: 1 }]);
    expect(lostSums).toBe(1);
  });
});

describe('two series with one name once they are cleaned', () => {
  it('are the first level, and told', () => {
    const encoding = encoded(jobs(['a b', 1], ['a.b', 2]));

    expect(textsOf(encoding)).toEqual(['ci_queue_jobs.buildkite.main.Linux.a_b.queued:1|g']);
    expect(encoding.findings).toMatchObject([{ reason: 'collision', samples: 1 }]);
    expect(encoding.lostSums).toBe(0);
  });

  it('are added up where they are increases, and told', () => {
    const samples = ['a b', 'a.b'].map((queue) => ({ labels: { ...labels, queue, result: 'success' }, increase: 2 }));
    const encoding = encoded(batch([part([buildCounter(jobsFinished, samples)])]));

    expect(textsOf(encoding)).toEqual(
      Array.from({ length: 2 }, () => 'ci_jobs_total.buildkite.main.Linux.a_b.success:2|c'),
    );
    expect(encoding.findings).toMatchObject([{ reason: 'merged', samples: 1 }]);
    expect(encoding.lostSums).toBe(0);
  });
});

describe("the names of Buildkite's own tool", () => {
  const queue = { scheduled: 2 };
  const clustered = batch([part(vendorFamilies([answer({ total: { scheduled: 3 }, queues: { 'web.app': queue } })]))]);
  const alone = batch([
    part(vendorFamilies([answer({ cluster: '', total: { scheduled: 3 }, queues: { default: queue } })])),
  ]);

  it.each([
    [
      'with tags, in a cluster',
      clustered,
      'dogstatsd',
      [
        'buildkite.clusters.ScheduledJobsCount:3|g|#cluster:Cluster_A',
        'buildkite.clusters.queues.ScheduledJobsCount:2|g|#cluster:Cluster_A,queue:web.app',
      ],
    ],
    [
      'without tags, in a cluster',
      clustered,
      'none',
      [
        'buildkite.clusters.Cluster_A.ScheduledJobsCount:3|g',
        'buildkite.clusters.Cluster_A.queues.web.app.ScheduledJobsCount:2|g',
      ],
    ],
    [
      'with tags, without a cluster',
      alone,
      'dogstatsd',
      ['buildkite.ScheduledJobsCount:3|g', 'buildkite.queues.ScheduledJobsCount:2|g|#queue:default'],
    ],
    [
      'without tags, without a cluster',
      alone,
      'none',
      ['buildkite.ScheduledJobsCount:3|g', 'buildkite.queues.default.ScheduledJobsCount:2|g'],
    ],
  ])('%s', (_, given, tags, expected) => {
    expect(textsOf(encoded(given, { tags, compat: true, prefix: 'never.' }))).toEqual(expected);
  });

  it('keep every script and lose only what would break the protocol', () => {
    const queues = { 'Ünïté #1:a|b,c': queue };
    const given = batch([part(vendorFamilies([answer({ cluster: '', queues })]))]);

    expect(textsOf(encoded(given, { compat: true }))).toContain(
      'buildkite.queues.Ünïté__1_a_b_c.ScheduledJobsCount:2|g',
    );
  });

  it('stand for nothing without compat', () => {
    expect(textsOf(encoded(alone)).join()).not.toMatch(/buildkite\.(queues|clusters|Scheduled)/);
  });
});

describe('datagrams', () => {
  it('hold what fits into their bytes, and split no line', () => {
    const samples = Array.from({ length: 50 }, (_, at) => ({ labels: {}, value: at - 25 }));
    const families = samples.map((sample, at) => gaugeOf(`level_${String(at)}`, [sample]));
    const { lines } = encoded(batch([part(families)]));

    const datagrams = [...packLines(lines, 256)];

    expect(datagrams.length).toBeGreaterThan(4);
    expect(datagrams.every(({ body }) => body.byteLength <= 256)).toBe(true);
    const bodies = datagrams.map(({ body }) => Buffer.from(body).toString());
    expect(bodies.join('\n')).toBe(lines.map(({ text }) => text).join('\n'));
    // The two lines of a level below 0 are in one datagram.
    for (const body of bodies) expect(body).not.toMatch(/:0\|g$|^\S+:-\d+\|g/);
    const [first, second] = datagrams;
    expect((first?.body.byteLength ?? 0) + 1 + (second?.lines[0]?.bytes ?? 0)).toBeGreaterThan(256);
  });
});

describe('the settings', () => {
  it.each([
    [{ observations: 'h' }, 'observations'],
    [{ timestamps: 'send' }, 'timestamps'],
    [{ constantTags: { env: 'x' } }, 'constantTags'],
  ])('refuse %j without tags: the original server has none of it', (given, setting) => {
    const { error } = StatsdConfig.safeParse({ kind: 'statsd', ...given });

    expect(error?.issues.map(({ path }) => path)).toEqual([[setting]]);
    expect(StatsdConfig.safeParse({ kind: 'statsd', tags: 'dogstatsd', ...given }).success).toBe(true);
  });
});
