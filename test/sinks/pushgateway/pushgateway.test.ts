/** Tests of the groups that the sink `pushgateway` keeps, replaces and removes in a real gateway. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type PushedGroup, type Pushgateway, startPushgateway } from '../../servers/pushgateway.ts';
import { withPushgateway } from '../../servers/require.ts';
import { batchOf, counterOf, distributionOf, gaugeOf, partOf, queues } from '../remote-write/batches.ts';
import { pushgatewaySink, type TestSink, textLike } from './harness.ts';

const one = [{ labels: {}, value: 1 }];

/** The values of a metric in a group by the one label in which its series differ. */
function valuesOf(group: PushedGroup | undefined, metric: string, label: string): Readonly<Record<string, string>> {
  const samples = group?.families[metric]?.samples ?? [];
  return Object.fromEntries(samples.map(({ labels, value }) => [labels[label] ?? '', value ?? '']));
}

withPushgateway('a real Pushgateway', (command) => {
  let gateway: Pushgateway;
  beforeAll(async () => {
    gateway = await startPushgateway({ command });
  });
  beforeEach(() => gateway.wipe());
  afterAll(() => gateway.close());

  const sinkTo = (more: Readonly<Record<string, unknown>> = {}, collector?: string): TestSink =>
    pushgatewaySink({ url: gateway.url, ...more }, collector);

  it('gets a group for each source, and one for the collector itself', async () => {
    await using sink = sinkTo({ grouping: { env: 'prod' } });
    const total = { bounds: [10, 60], counts: [1, 2, 1], sum: 130, startMs: 0 };

    const delivery = await sink.write(
      batchOf([], {
        health: [gaugeOf('ci_collector_source_up', [{ labels: { source: 'main' }, value: 1 }])],
        sources: [
          partOf([
            gaugeOf('ci_queue_jobs', [{ labels: { source: 'main', queue: 'deploy' }, value: 3.5 }]),
            counterOf('ci_jobs_total', [{ labels: {}, increase: 1, total: { value: 41, startMs: 0 } }]),
            distributionOf('ci_wait_seconds', [{ labels: {}, observations: [], total }]),
          ]),
          partOf([gaugeOf('ci_queue_jobs', [{ labels: { source: 'second', queue: 'deploy' }, value: 4 }])], {
            source: 'second',
          }),
        ],
      }),
    );

    expect(delivery).toMatchObject({ accepted: 5, requests: 3, problems: [] });
    const common = { job: 'ci', env: 'prod' };
    expect((await gateway.groups()).map(({ labels }) => labels)).toHaveLength(3);
    expect((await gateway.group(common))?.families).toEqual({
      ci_collector_source_up: {
        type: 'GAUGE',
        help: 'Help of ci_collector_source_up.',
        samples: [{ labels: { ...common, instance: '', source: 'main' }, value: '1' }],
      },
    });
    const main = { ...common, instance: '', source: 'main' };
    expect((await gateway.group({ ...common, source: 'main' }))?.families).toMatchObject({
      ci_queue_jobs: { type: 'GAUGE', samples: [{ labels: { ...main, queue: 'deploy' }, value: '3.5' }] },
      ci_jobs_total: { type: 'COUNTER', samples: [{ labels: main, value: '41' }] },
      ci_wait_seconds: {
        type: 'HISTOGRAM',
        samples: [{ labels: main, buckets: { 10: '1', 60: '3', '+Inf': '4' }, count: '4', sum: '130' }],
      },
    });
    expect(await gateway.page()).toContain(
      'ci_queue_jobs{env="prod",instance="",job="ci",queue="deploy",source="second"} 4',
    );
  });

  it('loses a queue at once when it is gone from the next run', async () => {
    await using sink = sinkTo();
    await sink.write(batchOf([queues(3), gaugeOf('ci_other', one)]));

    await sink.write(batchOf([queues(1)]));

    const group = await gateway.group({ job: 'ci', source: 'main' });
    expect(Object.keys(group?.families ?? {})).toEqual(['ci_queue_jobs']);
    expect(valuesOf(group, 'ci_queue_jobs', 'queue')).toEqual({ q0000: '0' });
  });

  it('leaves alone what another run tells for this tick: its source, and the health in which it stands', async () => {
    const up = (sources: readonly string[]) =>
      gaugeOf(
        'ci_collector_source_up',
        sources.map((source) => ({ labels: { source }, value: 1 })),
      );
    const second = partOf([queues(2)], { source: 'second' });
    await using other = sinkTo();
    await other.write(batchOf([], { sources: [partOf([queues(3)]), second], health: [up(['main', 'second'])] }));
    await using sink = sinkTo();
    const parts = [partOf([], { status: 'skipped' }), partOf([queues(1)], { source: 'second' })];

    const delivery = await sink.write(batchOf([], { sources: parts, health: [up(['second'])] }));

    expect(delivery).toMatchObject({ requests: 1, problems: [] });
    const health = await gateway.group({ job: 'ci' });
    expect(valuesOf(health, 'ci_collector_source_up', 'source')).toEqual({ main: '1', second: '1' });
    const main = await gateway.group({ job: 'ci', source: 'main' });
    expect(Object.keys(valuesOf(main, 'ci_queue_jobs', 'queue'))).toHaveLength(3);
    const own = await gateway.group({ job: 'ci', source: 'second' });
    expect(Object.keys(valuesOf(own, 'ci_queue_jobs', 'queue'))).toHaveLength(1);
  });

  it('keeps the group of a failed source, empty and fresh, and the groups of the others', async () => {
    await using sink = sinkTo();
    const good = partOf([gaugeOf('ci_workers', one)], { source: 'good' });
    await sink.write(batchOf([], { sources: [partOf([queues(2)]), good] }));
    const before = await gateway.group({ job: 'ci', source: 'main' });

    const delivery = await sink.write(batchOf([], { sources: [partOf([], { status: 'failed' }), good] }));

    const after = await gateway.group({ job: 'ci', source: 'main' });
    expect(delivery).toMatchObject({ accepted: 1, problems: [] });
    expect(after).toMatchObject({ families: {}, isLastPushSuccessful: true });
    expect(after?.pushedAt).toBeGreaterThan(before?.pushedAt ?? Infinity);
    expect((await gateway.group({ job: 'ci', source: 'good' }))?.families).toHaveProperty('ci_workers');
  });

  it('loses the groups of sources that left the configuration, and nobody else loses one', async () => {
    await gateway.put('/metrics/job/ci/source/left', 'old 1\n');
    await gateway.put('/metrics/job/ci/source@base64/bGVmdC90d28', 'old 1\n');
    const strangers = [
      '/metrics/job/ci',
      '/metrics/job/other/source/left',
      '/metrics/job/ci/source/left/env/prod',
      '/metrics/job/ci/queue/left',
    ];
    for (const path of strangers) await gateway.put(path, `old_${String(strangers.indexOf(path))} 1\n`);
    await using sink = sinkTo();

    const delivery = await sink.write(batchOf([queues(1)]));

    expect(delivery.problems).toEqual([]);
    expect((await gateway.groups()).map(({ labels }) => labels)).toEqual(
      expect.arrayContaining([
        { job: 'ci' },
        { job: 'ci', source: 'main' },
        { job: 'other', source: 'left' },
        { job: 'ci', source: 'left', env: 'prod' },
        { job: 'ci', queue: 'left' },
      ]),
    );
    expect(await gateway.groups()).toHaveLength(5);
    expect(sink.log.lines.filter(({ level }) => level !== 'debug')).toEqual([
      {
        level: 'info',
        message: 'groups of removed sources deleted',
        fields: { sink: 'pushgateway', groups: expect.arrayContaining([{ job: 'ci', source: 'left/two' }]) as unknown },
      },
    ]);
  });

  it('is asked for its groups in the first run, and again only when the sources change', async () => {
    await using sink = sinkTo();
    await sink.write(batchOf([queues(1)]));
    await gateway.put('/metrics/job/ci/source/left', 'old 1\n');

    await sink.write(batchOf([queues(1)]));
    const whileUnchanged = await gateway.group({ job: 'ci', source: 'left' });
    await sink.write(batchOf([], { sources: [partOf([], { source: 'renamed' })] }));

    expect(whileUnchanged).toBeDefined();
    expect((await gateway.groups()).map(({ labels }) => labels['source'])).toEqual(
      expect.arrayContaining([undefined, 'renamed']),
    );
    expect(await gateway.groups()).toHaveLength(2);
  });

  it('keeps the groups of a second collector apart by its name', async () => {
    await using first = sinkTo({}, 'ci-eu');
    await using second = sinkTo({}, 'ci-us');
    await first.write(batchOf([], { sources: [partOf([queues(1)], { source: 'a' })] }));

    await second.write(batchOf([], { sources: [partOf([queues(1)], { source: 'b' })] }));

    expect((await gateway.group({ job: 'ci-eu', source: 'a' }))?.families).toHaveProperty('ci_queue_jobs');
    expect((await gateway.group({ job: 'ci-us', source: 'b' }))?.families).toHaveProperty('ci_queue_jobs');
  });

  it.each([['a/b'], [''], ['.'], ['..'], ['ünï 🚀'], ['a b?c#d%2Fe'], ['=']])(
    'groups by the value %j',
    async (value) => {
      await using sink = sinkTo({ job: `job ${value}`, grouping: { env: value } });

      const delivery = await sink.write(batchOf([queues(1)]));
      await sink.write(batchOf([], { sources: [partOf([queues(1)], { source: 'renamed' })] }));

      expect(delivery).toMatchObject({ accepted: 1, problems: [] });
      const groups = await gateway.groups();
      const common = { job: `job ${value}`, env: value };
      expect(groups.map(({ labels }) => labels)).toEqual(
        expect.arrayContaining([common, { ...common, source: 'renamed' }]),
      );
      expect(groups).toHaveLength(2);
    },
  );

  it('gives back every label value as it was', async () => {
    const texts = fc.sample(
      fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        fc
          .array(fc.constantFrom('\\', '"', '\n', 'n', '\r', '\t', '{', '}', ',', '=', '#', ' '), {
            minLength: 1,
            maxLength: 8,
          })
          .map((parts) => parts.join('')),
      ),
      { numRuns: 600, seed: 42 },
    );
    const values = [...new Set(texts)].filter((text) => text.isWellFormed());
    await using sink = sinkTo();

    const delivery = await sink.write(
      batchOf([
        gaugeOf(
          'ci_fuzz',
          values.map((text, index) => ({ labels: { text }, value: index })),
        ),
      ]),
    );

    const group = await gateway.group({ job: 'ci', source: 'main' });
    expect(values.length).toBeGreaterThan(400);
    expect(delivery).toMatchObject({ accepted: values.length, problems: [] });
    expect(valuesOf(group, 'ci_fuzz', 'text')).toEqual(
      Object.fromEntries(values.map((text, index) => [text, String(index)])),
    );
  });

  it('gives back every number as it was', async () => {
    const numbers = [...fc.sample(fc.double({ noNaN: true }), { numRuns: 300, seed: 7 }), Infinity, -Infinity, 5e-324];
    await using sink = sinkTo();

    await sink.write(
      batchOf([
        gaugeOf(
          'ci_numbers',
          numbers.map((value, index) => ({ labels: { index: String(index) }, value })),
        ),
        gaugeOf('ci_unknown', [{ labels: { index: 'nan' }, value: NaN }]),
      ]),
    );

    const group = await gateway.group({ job: 'ci', source: 'main' });
    const read = valuesOf(group, 'ci_numbers', 'index');
    const parsed = numbers.map((_, index) => Number(read[String(index)]?.replace('Inf', 'Infinity')));
    expect(parsed).toEqual(numbers);
    expect(valuesOf(group, 'ci_unknown', 'index')).toEqual({ nan: 'NaN' });
  });

  it('takes a large page compressed', async () => {
    await using sink = sinkTo();

    const { accepted, bytes, problems } = await sink.write(batchOf([queues(20_000)]));

    expect({ accepted, problems }).toEqual({ accepted: 20_000, problems: [] });
    expect(bytes).toBeLessThan(200_000);
    expect((await gateway.page()).match(/^ci_queue_jobs\{/gm)).toHaveLength(20_000);
  });

  it.each([
    // Which of the two the gateway takes for the wrong one depends on the order of a Go map.
    ['another job pushes', 'ci_queue_jobs', /is not a COUNTER|is not a GAUGE/],
    ['the gateway itself has', 'go_gc_duration_seconds', /should have SUMMARY|is not a SUMMARY/],
  ])('loses only the metric that %s with another type, and the report says why', async (_, name, reason) => {
    await gateway.put('/metrics/job/somebody', '# TYPE ci_queue_jobs counter\nci_queue_jobs 1\n');
    await using sink = sinkTo();

    const delivery = await sink.write(batchOf([queues(2, name), gaugeOf('ci_workers', one)]));

    expect(delivery).toMatchObject({ accepted: 1, requests: 3 });
    const quoted = `"pushed metrics are invalid or inconsistent .*${name}.*(${reason.source}).*"`;
    const remedy =
      'another group of this gateway has a metric of this name with another type: rename it there, delete that group, or leave the metric out here with `metrics.exclude`';
    const message = `^left ${name} out of group \\{job="ci",source="main"\\}, for the gateway answered 400 ${quoted}: ${remedy}$`;
    expect(delivery.problems).toEqual([
      { kind: 'rejected', where: 'pushgateway/pushgateway', message: textLike(new RegExp(message)) },
    ]);
    const group = await gateway.group({ job: 'ci', source: 'main' });
    expect(Object.keys(group?.families ?? {})).toEqual(['ci_workers']);
    expect(group?.isLastPushSuccessful).toBe(true);
  });

  it('is asked once more for all metrics that it refuses at once', async () => {
    const names = ['ci_a', 'ci_b', 'ci_c', 'ci_d'];
    await gateway.put('/metrics/job/somebody', names.map((name) => `# TYPE ${name} counter\n${name} 1\n`).join(''));
    await using sink = sinkTo();

    const delivery = await sink.write(
      batchOf([...names.map((name) => gaugeOf(name, one)), gaugeOf('ci_workers', one)]),
    );

    expect(delivery).toMatchObject({ accepted: 1, requests: 3 });
    expect(delivery.problems).toMatchObject([{ message: textLike(/^left ci_a, ci_b, ci_c, ci_d out of group/) }]);
  });

  it('loses only the metric that another group has with the same labels', async () => {
    await gateway.put('/metrics/job/ci', 'ci_up{source="main"} 0\n');
    await using sink = sinkTo();

    const delivery = await sink.write(
      batchOf([gaugeOf('ci_up', one)], { health: [gaugeOf('ci_up', [{ labels: { source: 'main' }, value: 1 }])] }),
    );

    expect(delivery.accepted).toBe(1);
    expect(delivery.problems).toMatchObject([
      { kind: 'rejected', message: textLike(/another group gives the same series/) },
    ]);
  });

  it('leaves out metrics whose own label the grouping would overwrite', async () => {
    await using sink = sinkTo({ grouping: { queue: 'all' } });

    const delivery = await sink.write(
      batchOf([
        queues(2),
        gaugeOf('ci_workers', [{ labels: { queue: 'all' }, value: 2 }]),
        gaugeOf('ci_job', [{ labels: { job: 'x' }, value: 1 }]),
      ]),
    );

    expect(delivery.accepted).toBe(1);
    expect(delivery.problems).toEqual([
      {
        kind: 'configuration',
        where: 'pushgateway/pushgateway',
        message:
          'left out ci_queue_jobs: the grouping label "queue" would overwrite their own label of that name; choose another name in `grouping`',
      },
      {
        kind: 'configuration',
        where: 'pushgateway/pushgateway',
        message:
          'left out ci_job: the grouping label "job" would overwrite their own label of that name; the sink needs this label itself; leave the metrics out with `metrics.exclude`',
      },
    ]);
    const group = await gateway.group({ job: 'ci', queue: 'all', source: 'main' });
    expect(Object.keys(group?.families ?? {})).toEqual(['ci_workers']);
  });

  it('shows what the preview has promised', async () => {
    await using sink = sinkTo({ grouping: { env: 'a "b"\\' }, metrics: { exclude: ['ci_secret*'] } });
    const batch = batchOf(
      [queues(500), gaugeOf('ci_secret', one), counterOf('ci_jobs_total', [{ labels: {}, increase: 1 }])],
      {
        health: [gaugeOf('ci_collector_up', one)],
      },
    );

    const preview = await sink.preview(batch);
    const delivery = await sink.write(batch);

    expect(preview).toMatchObject({
      samples: delivery.accepted,
      requests: delivery.requests,
      bytes: delivery.bytes,
      problems: delivery.problems,
      monthlyCost: [],
    });
    expect(delivery).toMatchObject({ accepted: 501, problems: [{ kind: 'rejected' }] });
    const page = (await gateway.page()).split('\n').filter((line) => line.startsWith('ci_'));
    expect(page.map((line) => line.replace('instance="",', '')).sort()).toEqual([...preview.lines].sort());
  });
});
