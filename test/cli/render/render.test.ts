/** Tests of the tables that a run shows: outcome, queues, runs, problems and remedies. */
import { describe, expect, it } from 'vitest';
import { createPaint } from '../../../lambda/cli/render/colour.ts';
import { renderBlock, renderFrame, type DemoState } from '../../../lambda/cli/demo/frame.ts';
import { mapQueueRows } from '../../../lambda/model/figures/queue-rows.ts';
import { formatBytes } from '../../../lambda/cli/render/figures.ts';
import { renderQueues, renderTotals } from '../../../lambda/cli/render/queues.ts';
import { renderBar, chooseSigns } from '../../../lambda/cli/render/signs.ts';
import { createStarvedWatch } from '../../../lambda/model/figures/starved-watch.ts';
import { createTableView } from '../../../lambda/cli/collect/table-view.ts';
import { measureText } from '../../../lambda/cli/render/text-width.ts';
import {
  queueJobs,
  queueOldestWait,
  queueWaitQuantile,
  starvedJobs,
  workers,
  workerUtilization,
} from '../../../lambda/model/catalogue/queue-metrics.ts';
import { buildGauge, type MetricDefinition } from '../../../lambda/model/metric.ts';
import { expectGolden } from '../../support/golden.ts';
import { batchOf, degradedReport, fleet, reportOf, sourceOutcome, tickMs } from '../samples.ts';

const plain = { paint: createPaint({ isTty: false, variables: {}, isRefused: false }), signs: chooseSigns({}) };
const coloured = { ...plain, paint: createPaint({ isTty: true, variables: {}, isRefused: false }) };
const clock = () => tickMs + 1000;

const cloudWatchPreview = {
  id: 'cloudwatch/cloudwatch',
  preview: {
    samples: 2,
    requests: 1,
    bytes: 532,
    lines: ['CI QueuedJobs{Queue=default} 12 Count', 'CI QueuedJobs{Queue=de\x1b[31mploy} 3 Count'],
    monthlyCost: [],
    problems: [{ kind: 'rejected' as const, where: 'QueuedJobs{Queue=x}', message: 'more than 30 dimensions' }],
  },
};
const gatewayPreview = {
  id: 'pushgateway/gateway',
  preview: { samples: 1, requests: 1, bytes: 40, lines: ['ci_workers 3'], monthlyCost: [], problems: [] },
};

/** The fleet, and how long its jobs wait. */
const waitingFleet = (() => {
  const { sources: parts, ...batch } = fleet;
  const at = (queue: string) => ({ system: 'buildkite', source: 'main', scope: 'Cluster A', queue });
  const waits = [
    buildGauge(queueOldestWait, [
      { labels: at('default'), value: 0 },
      { labels: at('deploy'), value: 130.9 },
      { labels: at('docker'), value: 0.4 },
    ]),
    buildGauge(queueWaitQuantile, [
      { labels: { ...at('default'), rank: '0.5' }, value: 12.4 },
      { labels: { ...at('default'), rank: '0.95' }, value: 4000 },
    ]),
  ];
  return { ...batch, sources: parts.map((part) => ({ ...part, families: [...part.families, ...waits] })) };
})();

describe('the table of a run', () => {
  it('shows the most troubled of very many queues, in their places, and counts the rest', () => {
    const queued = (index: number): number => (index >= 1000 && index < 1499 ? 2 : 1);
    const many = Array.from({ length: 2000 }, (_, index) => ({
      queue: `q${String(index).padStart(4, '0')}`,
      jobs: [queued(index), 0, 0] as const,
      workers: [index === 1700 ? 0 : 1, 0] as const,
    }));
    const rows = mapQueueRows(batchOf(many));

    const lines = renderQueues(rows, plain);

    const queues = lines.slice(1, -1).map((line) => line.slice(0, 5));
    const busy = Array.from({ length: 499 }, (_, index) => `q${String(1000 + index)}`);
    expect(queues).toEqual([...busy, 'q1700']);
    expect(lines.at(-1)).toBe('and 1,500 more queues with fewer starved and queued jobs · --format json shows all');
    expect(renderTotals(rows)[0]).toContain('2,000 queues: 2,499 queued');
  });

  it('says why a source was skipped, and has no table of sinks that nobody asked', async () => {
    const skippedBecause = 'another invocation has counted the tick of 2026-11-21T09:55:00.000Z, or a later one';
    const report = reportOf({ sources: [sourceOutcome({ status: 'skipped', skippedBecause, samples: 0 })], sinks: [] });

    const text = await createTableView(plain, clock).renderRun({ report, batch: undefined });

    expect(text).toContain(`\n▲ buildkite/main was skipped: ${skippedBecause}\n`);
    expect(text).not.toContain('ACCEPTED');
  });

  it.each([
    ['ok', { report: reportOf(), batch: fleet }],
    ['degraded', { report: degradedReport, batch: fleet }],
    ['without-queues', { report: reportOf({ outcome: 'failed' }), batch: batchOf([]) }],
  ])('shows a run that is %s', async (name, run) => {
    await expectGolden(`cli/run-${name}.txt`, await createTableView(plain, clock).renderRun(run));
    await expectGolden(`cli/run-${name}.ansi`, await createTableView(coloured, clock).renderRun(run));
  });

  it('shows what a dry run would send, what it would leave out and what it would cost', async () => {
    const collected = { batch: fleet, sources: [sourceOutcome()] };
    const cost = [
      { item: 'custom metrics', usd: 63, basis: '210 metrics × $0.30' },
      { item: 'function', usd: 0.5927, basis: '43,800 invocations × 2 s × 512 MB' },
    ];
    const previews = [cloudWatchPreview, gatewayPreview];
    const run = { collector: 'ci-metrics', startedAtMs: tickMs, durationMs: 205, outcome: 'degraded' as const };

    await expectGolden(
      'cli/dry-run.txt',
      await createTableView(plain, clock).renderDryRun({
        ...run,
        collected,
        previews,
        plans: [],
        price: { lines: cost },
      }),
    );
  });
});

describe('the table of queues', () => {
  const narrow = (columns: number) => renderQueues(mapQueueRows(fleet), { ...plain, columns });

  it('says source and scope only where they tell queues apart', () => {
    const one = batchOf([{ queue: 'a', jobs: [1, 0, 0] }]);
    const sources = batchOf([
      { queue: 'a', jobs: [1, 0, 0] },
      { source: 'other', queue: 'a', jobs: [1, 0, 0] },
    ]);

    expect(renderQueues(mapQueueRows(one), plain)[0]).toMatch(/^QUEUE /);
    expect(renderQueues(mapQueueRows(sources), plain)[0]).toMatch(/^SOURCE +QUEUE /);
    expect(renderQueues(mapQueueRows(fleet), plain)[0]).toMatch(/^SCOPE +QUEUE /);
  });

  it('cuts names in a narrow terminal, never figures', () => {
    const lines = narrow(80);

    expect(lines.find((line) => line.includes('1,250'))).toContain('macos 構築');
    expect(lines.find((line) => line.includes('BUILDKITE'))).toContain('…');
    expect(lines.map(measureText).filter((width) => width > 80)).toEqual([]);
  });

  it('writes a dash for what is not known and 0 for what is', () => {
    const [, unknownWorkers] = renderQueues(mapQueueRows(batchOf([{ queue: 'a', jobs: [0, 0, 0] }])), plain);
    const [, noWorkers] = renderQueues(
      mapQueueRows(batchOf([{ queue: 'a', jobs: [0, 0, 0], workers: [0, 0] }])),
      plain,
    );

    expect(unknownWorkers?.split(/ +/)).toEqual(['a', '0', '0', '0', '–', '–', '–']);
    expect(noWorkers?.split(/ +/)).toEqual(['a', '0', '0', '0', '0', '0', '–']);
  });

  it('sums only what is known', () => {
    const hosted = batchOf([{ queue: 'a', jobs: [2, 1, 0] }]);

    expect(renderTotals(mapQueueRows(fleet))).toEqual([
      '6 queues: 1,265 queued, 39 running, 4 blocked · 39 of 244 workers busy (16 %) · 1 queue starved (jobs wait, no worker)',
    ]);
    expect(renderTotals(mapQueueRows(hosted))).toEqual([
      '1 queue: 2 queued, 1 running, 0 blocked · 1 queue starved (jobs wait, no worker)',
    ]);
  });

  it('goes on in a line of its own where the sums do not fit into one', () => {
    expect(renderTotals(mapQueueRows(fleet), 79)).toEqual([
      '6 queues: 1,265 queued, 39 running, 4 blocked · 39 of 244 workers busy (16 %)',
      '1 queue starved (jobs wait, no worker)',
    ]);
    expect(renderTotals(mapQueueRows(fleet), 20)).toHaveLength(3);
  });

  it('shows how long jobs wait, in whole seconds, where a queue tells it', () => {
    const rows = mapQueueRows(waitingFleet);
    const cellsOf = (queue: string): readonly string[] =>
      renderQueues(rows, plain)
        .find((line) => line.startsWith(`Cluster A  ${queue} `))
        ?.split(/ {2,}/)
        .slice(7, 10) ?? [];

    expect(renderQueues(rows, plain)[0]).toMatch(/BUSY {2}OLDEST WAIT +P50 +P95 {2}UTILISATION$/);
    expect(cellsOf('default')).toEqual(['0 s', '12 s', '1h 06m']);
    expect(cellsOf('deploy')).toEqual(['2m 10s', '–', '–']);
    expect(cellsOf('docker')).toEqual(['<1 s', '–', '–']);
    const narrowed = renderQueues(rows, { ...plain, columns: 79 });
    expect(narrowed[0]).toMatch(/QUEUED +RUNNING +OLDEST WAIT +P95 {2}UTILISATION$/);
    expect(narrowed.map(measureText).filter((width) => width > 79)).toEqual([]);
  });

  it('shows one figure of samples that differ in a label of no column, each by the rule of its metric', () => {
    const at = (os: string) => ({ system: 'buildkite', source: 'main', scope: 'Cluster A', queue: 'a', os });
    const withOs = <Label extends string>(definition: MetricDefinition<'gauge', Label>) => {
      const labels: readonly (Label | 'os')[] = [...definition.labels, 'os'];
      const { name, help, type, unit, combination } = definition;
      const cloudWatch = { namespace: 'neutral', name, unit: 'None', dimensionSets: [], statistic: 'Maximum' } as const;
      return { name, help, type, unit, combination, labels, cloudWatch };
    };
    const families = [
      buildGauge(withOs(queueJobs), [
        { labels: { ...at('linux'), state: 'queued' }, value: 2 },
        { labels: { ...at('macos'), state: 'queued' }, value: 3 },
      ]),
      buildGauge(withOs(workers), [
        { labels: { ...at('linux'), state: 'idle' }, value: 5 },
        { labels: { ...at('macos'), state: 'idle' }, value: 1 },
        { labels: { ...at('linux'), state: 'busy' }, value: 5 },
        { labels: { ...at('macos'), state: 'busy' }, value: 9 },
      ]),
      buildGauge(withOs(workerUtilization), [
        { labels: at('linux'), value: 0.5, share: { part: 5, whole: 10 } },
        { labels: at('macos'), value: 0.9, share: { part: 9, whole: 10 } },
      ]),
      buildGauge(withOs(starvedJobs), [
        { labels: at('linux'), value: 4 },
        { labels: at('macos'), value: 0 },
      ]),
      buildGauge(withOs(queueOldestWait), [
        { labels: at('linux'), value: 130 },
        { labels: at('macos'), value: 7 },
      ]),
      buildGauge(withOs(queueWaitQuantile), [
        { labels: { ...at('linux'), rank: '0.95' }, value: 60 },
        { labels: { ...at('macos'), rank: '0.95' }, value: 8 },
      ]),
    ];
    const part = { system: 'buildkite', source: 'main', status: 'complete', families } as const;

    const rows = mapQueueRows({ tickMs, collectedAtMs: tickMs, sources: [part], health: [] });

    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      jobs: { queued: 5 },
      workers: { idle: 6, busy: 14 },
      utilization: 0.7,
      starved: 4,
      oldestWait: 130,
      waits: { p95: 60 },
    });
  });

  it('says nothing of states that no queue tells', () => {
    const { sources: parts, ...batch } = fleet;
    const onlyUtilization = parts.map((part) => ({ ...part, families: part.families.slice(2, 3) }));

    const rows = mapQueueRows({ ...batch, sources: onlyUtilization });

    expect(rows.map(({ jobs, workers }) => [jobs, workers])).toEqual(rows.map(() => [{}, {}]));
    expect(renderTotals(rows)).toEqual(['4 queues']);
  });
});

describe('the bar', () => {
  it.each([
    [0, '░░░░░░░░░░'],
    [0.001, '█░░░░░░░░░'],
    [0.5, '█████░░░░░'],
    [0.999, '█████████░'],
    [1, '██████████'],
    [7, '██████████'],
    [-1, '░░░░░░░░░░'],
  ])('shows %d', (ratio, expected) => {
    expect(renderBar(ratio, chooseSigns({}))).toBe(expected);
  });

  it('keeps to ASCII on the Linux console', () => {
    expect(renderBar(0.5, chooseSigns({ TERM: 'linux' }))).toBe('#####.....');
  });
});

describe('the starved watch', () => {
  const starved = mapQueueRows(batchOf([{ queue: 'a', jobs: [1, 0, 0] }]));
  const fed = mapQueueRows(batchOf([{ queue: 'a', jobs: [1, 0, 0], workers: [1, 0] }]));
  const [row] = starved;

  it('counts from the first look at which a queue was starved, and anew after it had a worker', () => {
    const watch = createStarvedWatch();
    const forMs: (number | undefined)[] = [];
    for (const [rows, nowMs] of [
      [starved, 1000],
      [starved, 4000],
      [fed, 5000],
      [starved, 9000],
      [[], 9500],
    ] as const) {
      watch.note(rows, nowMs);
      if (row !== undefined) forMs.push(watch.getStarvedMs(row, nowMs));
    }

    expect(forMs).toEqual([0, 3000, undefined, 0, undefined]);
  });
});

describe('the demo screen', () => {
  const state: DemoState = {
    title: 'Simulated Buildkite',
    startedMs: tickMs,
    rows: mapQueueRows(waitingFleet),
    getStarvedMs: ({ queue }) => (queue === 'deploy' ? 130_000 : undefined),
    passRate: '120 builds finished: 87 % passed, 84 % at the first attempt',
    report: degradedReport,
    outcomes: { ok: 1203, degraded: 1, failed: 0 },
    nextRunMs: tickMs + 192_000,
    addresses: ['metrics    http://127.0.0.1:9464/metrics'],
  };

  it('shows queues, totals, health and where the metrics are', async () => {
    await expectGolden('cli/demo-frame.txt', `${renderFrame(state, plain, tickMs + 190_400).join('\n')}\n`);
  });

  it('shows a block without a screen', async () => {
    await expectGolden('cli/demo-block.txt', `${renderBlock(state, plain, tickMs + 190_400).join('\n')}\n`);
  });

  it('says nothing of builds before one has finished', () => {
    expect(renderBlock({ ...state, passRate: undefined }, plain, tickMs).join('\n')).not.toContain('finished');
  });

  it('says that it is reading before the first run has ended', () => {
    const first = { ...state, report: undefined, rows: [], nextRunMs: undefined };

    expect(renderFrame(first, plain, tickMs + 300)).toContain('reading the first figures …');
  });

  it('says when the next run is due and when one is late', () => {
    const last = (nowMs: number) => renderFrame(state, plain, nowMs).at(-1);

    expect(last(tickMs + 191_999)).toBe('next run in 1 s · Ctrl-C ends');
    expect(last(tickMs + 192_000)).toBe('collecting … · Ctrl-C ends');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [12_345, '12.3 kB'],
    [1_000_000, '1.0 MB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
