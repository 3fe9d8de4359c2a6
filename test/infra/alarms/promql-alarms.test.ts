/** Alarms on what is stored by OTLP, evaluated by Prometheus over histories of what happens to CI systems. */
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { formatCost } from '../../../infra/cost.ts';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import type { Verdict } from '../../dashboards/rule-files.ts';
import { withCurrentPromtool } from '../../servers/require.ts';
import { resolved } from '../intrinsics.ts';
import { evaluate, type Expectation, type History, times } from '../simulation/promql-history.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { configOf, synthesise, type Synthesis } from '../synthesis.ts';

const region = 'eu-west-1';
const otlp = { kind: 'otlp', preset: 'cloudwatch', auth: { sigv4: { region } } };
const buildkite = {
  kind: 'buildkite',
  name: 'ci',
  organization: 'acme',
  agentTokens: [{ secret: 'ci-metrics/buildkite' }],
  apiToken: { secret: 'ci-metrics/buildkite', key: 'api' },
};
const queue = { source: 'ci', scope: 'unclustered', queue: 'default' };
const pipeline = { source: 'ci', scope: 'acme', pipeline: 'web', failurePercent: 40, sinceSuccessHours: 24 };

function synthesiseWith(sink: object = {}, change: Partial<CollectorConfig> = {}): Synthesis {
  const minimal = configOf('minimal');
  const alarms = { ...minimal.alarms, queues: [queue], pipelines: [pipeline] };
  return synthesise(
    { ...minimal, sources: [buildkite], sinks: [{ ...otlp, ...sink }], alarms, ...change },
    { env: { region } },
  );
}

/** The queries of a template, by the name of the alarm in its collector. */
function queriesOf({ template }: Synthesis): ReadonlyMap<string, string> {
  return new Map(alarmsIn(template).promqlAlarms.map(({ AlarmName, query }) => [nameInCollector(AlarmName), query]));
}

function nameInCollector(name: string): string {
  return name.replace(/^[^/]*\//, '');
}

const minutes = 120;

interface Case extends Expectation {
  readonly title: string;
  readonly alarm: string;
  /** Of the series that the query finds while it is on. */
  readonly contributors?: readonly Readonly<Record<string, string>>[];
}

const id = '"@resource.service.instance.id"="ci-metrics","@resource.service.name"="ci-metrics-collector"';
const up = `ci_collector_source_up{system="buildkite",source="ci",${id}}`;
const ofQueue = (name: string): string => `system="buildkite",source="ci",scope="unclustered",queue="${name}",${id}`;
const starved = `ci_queue_starved_jobs{${ofQueue('default')}}`;
const deployStarved = `ci_queue_starved_jobs{${ofQueue('deploy')}}`;
const waits = `ci_queue_oldest_wait_seconds{${ofQueue('default')}}`;
const others = (name: string): string => name.replace('ci-metrics"', 'team-b"');
const runs = (result: string): string =>
  `ci_runs_total{system="buildkite",source="ci",scope="acme",pipeline="web",result="${result}",attempt="first",branch="main",${id}}`;
const errors = (component: string): string =>
  `ci_system_errors_total{system="buildkite",source="ci",component="${component}",error="lost",${id}}`;

const well = times(minutes, 1);
const everySecond = Array.from({ length: minutes }, (_, minute) => minute % 2 === 0);

const queueCases: readonly Case[] = [
  {
    title: 'an empty night is quiet',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [starved]: times(minutes, 0) },
    on: [],
    off: [0, 10, 60, 119],
  },
  {
    title: 'a stuck queue is on from its fifth bad minute',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [starved]: [...times(10, 0), ...times(100, 3)] },
    on: [14, 15, 60, 109],
    off: [9, 10, 13],
    contributors: [queue],
  },
  {
    title: 'a stuck queue with an alarm of its own is on as well',
    alarm: 'queue-starved/ci/unclustered/default',
    series: { [up]: well, [starved]: [...times(10, 0), ...times(100, 3)] },
    on: [14, 60],
    off: [13],
    contributors: [{}],
  },
  {
    title: 'another queue says nothing about the one that is named',
    alarm: 'queue-starved/ci/unclustered/default',
    series: { [up]: well, [deployStarved]: times(minutes, 3), [starved]: times(minutes, 0) },
    on: [],
    off: [20, 60],
  },
  {
    title: 'each stuck queue is a contributor',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [starved]: times(minutes, 3), [deployStarved]: times(minutes, 1) },
    on: [30],
    off: [],
    contributors: [queue, { ...queue, queue: 'deploy' }],
  },
  {
    title: 'a burst of four minutes wakes nobody',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [starved]: [...times(10, 0), ...times(4, 3), ...times(60, 0)] },
    on: [],
    off: [10, 13, 14, 15, 20, 30],
  },
  {
    title: 'a queue that gets its workers is over',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [starved]: [...times(30, 3), ...times(60, 0)] },
    on: [29, 34],
    off: [35, 36, 50],
  },
  {
    title: 'a queue whose source fails in every second run is found and stays on',
    alarm: 'any-queue-starved/ci',
    series: {
      [up]: everySecond.map((isWell) => (isWell ? 1 : 0)),
      [starved]: everySecond.map((isWell) => (isWell ? 3 : 'stale')),
    },
    on: [10, 11, 12, 13, 40, 41, 100, 101],
    off: [6, 7],
  },
  {
    title: 'a source that dies beside a stuck queue keeps its state for a while',
    alarm: 'any-queue-starved/ci',
    series: {
      [up]: [...times(30, 1), ...times(80, 0)],
      [starved]: [...times(30, 3), 'stale'],
    },
    on: [30, 35, 40, 48],
    off: [60, 100],
    contributors: [queue],
  },
  {
    title: 'a collector that dies beside a stuck queue keeps its state for a while',
    alarm: 'any-queue-starved/ci',
    series: { [up]: times(30, 1), [starved]: times(30, 3) },
    on: [30, 40, 48],
    off: [60, 100],
  },
  {
    title: 'a queue that was well when its source died does not come on',
    alarm: 'any-queue-starved/ci',
    series: {
      [up]: [...times(28, 1), ...times(60, 0)],
      [starved]: [...times(20, 3), ...times(8, 0), 'stale'],
    },
    on: [19],
    off: [28, 29, 35, 50],
  },
  {
    title: 'one bad minute before its source died makes no alarm',
    alarm: 'any-queue-starved/ci',
    series: { [up]: [...times(28, 1), ...times(60, 0)], [starved]: [...times(27, 0), 3, 'stale'] },
    on: [],
    off: [28, 35, 42, 50],
  },
  {
    title: 'a queue that is gone while its source is well is over',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [starved]: [...times(30, 3), 'stale'] },
    on: [29],
    off: [36, 45, 60],
  },
  {
    title: 'the queues of another collector in the account are not looked at',
    alarm: 'any-queue-starved/ci',
    series: { [up]: well, [others(starved)]: times(minutes, 3), [starved]: times(minutes, 0) },
    on: [],
    off: [20, 60],
  },
  {
    title: 'a wait above its bound counts in five minutes of ten',
    alarm: 'any-queue-waits/ci',
    series: { [up]: well, [waits]: [...times(10, 600), ...times(60, 601)] },
    on: [14, 60],
    off: [9, 13],
    contributors: [queue],
  },
];

/** An increase a minute for so many minutes, from a known 0 on. */
function rising(count: number, from = 0): History {
  return Array.from({ length: minutes }, (_, minute) => Math.max(0, Math.min(count, minute - from)));
}

const runCases: readonly Case[] = [
  {
    title: 'a pipeline of which 40 % of ten runs fail is on, for the hour',
    alarm: 'pipeline-failing/ci/acme/web',
    series: {
      [runs('success')]: rising(6, 5),
      [runs('failure')]: rising(3, 5),
      [runs('timeout')]: rising(1, 5),
      [runs('cancellation')]: rising(50, 5),
    },
    on: [20, 60],
    off: [4, 75],
    contributors: [{}],
  },
  {
    title: 'a pipeline of which 3 of ten runs fail is quiet',
    alarm: 'pipeline-failing/ci/acme/web',
    series: { [runs('success')]: rising(7, 5), [runs('failure')]: rising(3, 5) },
    on: [],
    off: [40, 60],
  },
  {
    title: 'four runs that fail are too few to judge',
    alarm: 'pipeline-failing/ci/acme/web',
    series: { [runs('success')]: rising(0), [runs('failure')]: rising(4, 5) },
    on: [],
    off: [20, 60],
  },
  {
    title: 'five runs that fail are enough',
    alarm: 'pipeline-failing/ci/acme/web',
    series: { [runs('success')]: rising(0), [runs('failure')]: rising(5, 5) },
    on: [20, 60],
    off: [],
  },
  {
    title: 'ten faults of the CI system in a quarter of an hour are told',
    alarm: 'system-errors/ci',
    series: { [errors('agent')]: rising(6, 30), [errors('job')]: rising(4, 30) },
    on: [40],
    off: [29, 33, 60],
  },
  {
    title: 'nine are not',
    alarm: 'system-errors/ci',
    series: { [errors('agent')]: rising(6, 30), [errors('job')]: rising(3, 30) },
    on: [],
    off: [36, 40],
  },
  {
    title: 'a pipeline without a success for a day',
    alarm: 'pipeline-without-success/ci/acme/web',
    series: {
      [up]: well,
      // A day before minute 60: promtool counts from the Unix time 0.
      [`ci_run_last_success_timestamp_seconds{system="buildkite",source="ci",scope="acme",pipeline="web",branch="main",${id}}`]:
        times(minutes, 3600 - 86_400),
    },
    on: [70, 110],
    off: [59, 62],
  },
];

interface Clock {
  readonly every?: string;
  readonly sink?: object;
  readonly change?: Partial<CollectorConfig>;
}

async function verdictOf(
  { alarm, contributors, ...history }: Case,
  { every = '1m', sink, change }: Clock = {},
): Promise<Verdict> {
  const query = queriesOf(synthesiseWith(sink, change)).get(alarm);
  if (query === undefined) throw new Error(`there is no alarm ${alarm} in PromQL`);
  const found = contributors ?? (alarm.startsWith('any-') ? [queue] : [{}]);
  return await evaluate({ query, contributors: found, every, ...history });
}

withCurrentPromtool('an alarm in PromQL', () => {
  it.each([...queueCases, ...runCases])('$alarm: $title', async (history) => {
    const { isContent, output } = await verdictOf(history);

    expect(isContent, output).toBe(true);
  });

  it('at ten seconds counts whole minutes only', async () => {
    const ofTenSeconds = Array.from({ length: 6 * 60 }, (_, run) => (run % 6 === 0 ? 3 : 0));
    const clock = { every: '10s', change: { interval: '10 seconds' } };
    const [alarm] = ['any-queue-starved/ci'];
    const title = '';

    const bursts = await verdictOf(
      { title, alarm, series: { [up]: times(360, 1), [starved]: ofTenSeconds }, on: [], off: [20, 40] },
      clock,
    );
    const stuck = await verdictOf(
      { title, alarm, series: { [up]: times(360, 1), [starved]: times(360, 3) }, on: [20, 40], off: [] },
      clock,
    );

    expect(bursts.isContent, bursts.output).toBe(true);
    expect(stuck.isContent, stuck.output).toBe(true);
  });

  it('at five minutes counts runs', async () => {
    const { isContent, output } = await verdictOf(
      {
        title: '',
        alarm: 'any-queue-starved/ci',
        series: { [up]: times(40, 1), [starved]: [...times(4, 0), ...times(30, 3)] },
        on: [30, 60, 120],
        off: [20, 25],
      },
      { every: '5m', change: { interval: '5 minutes' } },
    );

    expect(isContent, output).toBe(true);
  });

  it('reads increases where the sink tells increases', async () => {
    const { isContent, output } = await verdictOf(
      {
        title: '',
        alarm: 'pipeline-failing/ci/acme/web',
        series: { [runs('success')]: [1, undefined, 1, undefined, 1], [runs('failure')]: [undefined, 1, undefined, 1] },
        on: [10],
        off: [2, 70],
      },
      { sink: { temporality: 'delta' } },
    );

    expect(isContent, output).toBe(true);
  });

  it('reads the names of the conventions where the sink tells those', async () => {
    const stored = `"ci.system"="buildkite","ci.source"="ci"`;
    const { isContent, output } = await verdictOf(
      {
        title: '',
        alarm: 'any-queue-starved/ci',
        series: {
          [`{"ci.collector.source_up",${stored},${id}}`]: [...times(30, 1), ...times(60, 0)],
          [`{"ci.queue.starved_jobs",${stored},"ci.scope"="unclustered","ci.queue.name"="default",${id}}`]: [
            ...times(30, 3),
            'stale',
          ],
        },
        on: [29, 40],
        off: [60],
        contributors: [{ 'ci.source': 'ci', 'ci.scope': 'unclustered', 'ci.queue.name': 'default' }],
      },
      { sink: { naming: 'semconv' } },
    );

    expect(isContent, output).toBe(true);
  });
});

describe('alarms where CloudWatch is reached', () => {
  const metricAlarms = ({ template }: Synthesis): readonly string[] =>
    alarmsIn(template).metricAlarms.map(({ AlarmName }) => nameInCollector(AlarmName));

  it('by OTLP alone are in PromQL but for the collector and its sources, which have metrics without a sink', () => {
    const byOtlp = synthesiseWith();
    const byMetrics = synthesiseWith({}, { sinks: [{ kind: 'cloudwatch' }] });

    expect([...queriesOf(byOtlp).keys()].toSorted()).toEqual([
      'any-queue-starved/ci',
      'any-queue-waits/ci',
      'pipeline-failing/ci/acme/web',
      'pipeline-without-success/ci/acme/web',
      'queue-starved/ci/unclustered/default',
      'queue-waits/ci/unclustered/default',
      'runs-stuck/ci',
      'system-errors/ci',
    ]);
    const all = [...queriesOf(byOtlp).keys(), ...metricAlarms(byOtlp)].filter((name) => !name.startsWith('sink-down'));
    expect(all.toSorted()).toEqual(
      metricAlarms(byMetrics)
        .filter((name) => !name.startsWith('sink-down'))
        .toSorted(),
    );
    // One cause is still told once: the same wholes, silent while the source is down.
    const wholes = ({ template }: Synthesis): readonly unknown[] =>
      resolved(template, 'AWS::CloudWatch::CompositeAlarm').map(({ properties }) => [
        properties['AlarmName'],
        properties['AlarmRule'],
        properties['ActionsSuppressor'],
      ]);
    expect(wholes(byOtlp)).toEqual(wholes(byMetrics));
  });

  it.each<[string, readonly Readonly<Record<string, unknown>>[]]>([
    ['by both sinks', [otlp, { kind: 'cloudwatch' }]],
    ['by OTLP in another Region', [{ ...otlp, auth: { sigv4: { region: 'us-east-1' } } }]],
    [
      'by OTLP in another account',
      [{ ...otlp, auth: { sigv4: { region, roleArn: 'arn:aws:iam::222233334444:role/metrics' } } }],
    ],
  ])('%s are not in PromQL', (_, sinks) => {
    const minimal = configOf('minimal');

    const synthesis = synthesiseWith({}, { sinks: [...sinks], alarms: minimal.alarms });

    expect(queriesOf(synthesis).size).toBe(0);
  });

  it('by OTLP leave out what the sink leaves out', () => {
    const minimal = configOf('minimal');
    const metrics = { exclude: ['ci_queue_starved_jobs', 'ci_runs_stuck'] };

    const synthesis = synthesiseWith({ metrics }, { alarms: minimal.alarms });

    expect([...queriesOf(synthesis).keys()]).toEqual(['any-queue-waits/ci', 'system-errors/ci']);
  });

  it('by OTLP are refused for a queue whose metric the sink leaves out', () => {
    const metrics = { exclude: ['ci_queue_starved_jobs'] };

    expect(() => synthesiseWith({ metrics })).toThrow(/alarms\.queues: an alarm on a queue reads StarvedJobs/);
  });

  it('by OTLP say at synth that there are no graphs, and where PromQL is missing', () => {
    const there = Annotations.fromStack(synthesiseWith().stack);
    const elsewhere = { ...otlp, auth: { sigv4: { region: 'il-central-1' } } };
    const minimal = configOf('minimal');
    const synthesiseElsewhere = (): Synthesis =>
      synthesise({ ...minimal, sinks: [elsewhere] }, { env: { region: 'il-central-1' } });

    there.hasInfo('*', Match.stringLikeRegexp('the dashboard has no graphs of them'));
    there.hasNoWarning('*', Match.stringLikeRegexp('PromQL'));
    expect(synthesiseElsewhere).toThrow(/il-central-1 has no PromQL/);
  });

  it('by OTLP are counted as what has no published price', async () => {
    const { collector } = synthesiseWith().stack;

    const text = await formatCost(collector);

    expect(text).toMatch(
      /alarms in PromQL +not known +8 alarms on what is stored by OTLP; their price is not published/,
    );
    expect(text).toMatch(/CloudWatch, ingestion by OTLP +not known/);
    expect(text).toContain('without what has no published price');
  });
});
