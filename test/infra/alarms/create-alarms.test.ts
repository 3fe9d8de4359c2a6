/** Tests of every alarm of the stack: its metric, threshold, periods, text and missing data. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { resolved } from '../intrinsics.ts';
import { knownMetrics, textOf } from '../metrics/known-metrics.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { configOf, synthesise, type Synthesis, synthesiseVariant, variants } from '../synthesis.ts';

const Alarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  ComparisonOperator: z.string(),
  Threshold: z.number(),
  EvaluationPeriods: z.int(),
  DatapointsToAlarm: z.int(),
  TreatMissingData: z.string().optional(),
  Period: z.int().optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Statistic: z.string().optional(),
  Unit: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  Metrics: z
    .array(
      z.object({
        Expression: z.string().optional(),
        Period: z.int().optional(),
        ReturnData: z.boolean().default(true),
        MetricStat: z
          .object({
            Metric: z.object({
              Namespace: z.string(),
              MetricName: z.string(),
              Dimensions: z.array(z.object({ Name: z.string() })).default([]),
            }),
            Period: z.int(),
            Stat: z.string(),
          })
          .optional(),
      }),
    )
    .optional(),
});
type Alarm = z.infer<typeof Alarm>;

/** Those on metrics: what a query in PromQL finds is bad at once, without threshold, window or missing data. */
function alarmsOf({ template }: Synthesis): readonly Alarm[] {
  return resolved(template, 'AWS::CloudWatch::Alarm').flatMap(({ properties }) =>
    'EvaluationCriteria' in properties ? [] : [Alarm.parse(properties)],
  );
}

function alarm(synthesis: Synthesis, name: string): Alarm | undefined {
  return alarmsOf(synthesis).find(({ AlarmName }) => AlarmName.endsWith(`/${name}`));
}

function withAlarms(alarms: Partial<CollectorConfig['alarms']>): CollectorConfig {
  const config = configOf('minimal');
  return { ...config, alarms: { ...config.alarms, ...alarms } };
}

/** `SELECT MAX(StarvedJobs) FROM SCHEMA("CI", Queue, …) GROUP BY … ORDER BY MAX() DESC` */
const queryPattern =
  /^SELECT (MAX)\((\w+)\) FROM SCHEMA\("([^"]+)", ([^)]+)\)(?: WHERE [\w =']+)? GROUP BY ([\w, ]+) ORDER BY MAX\(\) DESC$/;

describe('the alarm on late counting', () => {
  it('is only of sources that can fall behind', () => {
    const page = { kind: 'prometheus', name: 'page', targets: [{ url: 'https://host:9090/metrics' }] };
    const measures = [{ metric: 'jobs_total', type: 'counter' }];
    const cluster = { server: 'https://cluster:6443', token: { secret: 'ci/cluster' } };
    const given = {
      sources: [
        { ...page, measures },
        { kind: 'tekton', name: 'ci', cluster },
      ],
    };
    const config = CollectorConfig.parse({ ...configOf('minimal'), ...given });

    const names = alarmsOf(synthesise(config)).map(({ AlarmName }) => AlarmName);

    expect(names.filter((name) => name.includes('/counting-late/'))).toEqual(['ci-metrics/counting-late/ci']);
  });
});

describe.each(variants)('every alarm of %s', (variant) => {
  const synthesis = synthesiseVariant(variant);
  const alarms = alarmsOf(synthesis);

  it('reads a metric that exists, with its dimensions and its statistic', () => {
    const known = knownMetrics(synthesis.prepared);
    const own = alarms.filter(({ Namespace }) => Namespace !== undefined && !Namespace.startsWith('AWS/'));

    const inExpressions = alarms
      .flatMap(({ Metrics = [] }) => Metrics)
      .flatMap(({ MetricStat }) => (MetricStat === undefined ? [] : [MetricStat]))
      .filter(({ Metric: { Namespace } }) => !Namespace.startsWith('AWS/'))
      .map(({ Metric: { Namespace, MetricName, Dimensions }, Stat }) =>
        textOf({
          namespace: Namespace,
          name: MetricName,
          dimensions: Dimensions.map(({ Name }) => Name),
          statistic: Stat,
        }),
      );
    expect(inExpressions.filter((reference) => !known.has(reference))).toEqual([]);
    const references = own.map(({ Namespace = '', MetricName = '', Dimensions, Statistic = '' }) =>
      textOf({
        namespace: Namespace,
        name: MetricName,
        dimensions: Dimensions.map(({ Name }) => Name),
        statistic: Statistic,
      }),
    );

    expect(references.length).toBeGreaterThan(1);
    expect(references.filter((reference) => !known.has(reference))).toEqual([]);
  });

  it('has a query that CloudWatch can group, over dimensions that exist', () => {
    const known = knownMetrics(synthesis.prepared);

    const queries = alarms.flatMap(({ Metrics = [] }) => Metrics).flatMap(({ Expression }) => Expression ?? []);
    for (const Expression of queries.filter((expression) => expression.startsWith('SELECT'))) {
      const [, , name = '', namespace = '', schema = '', groups = ''] = queryPattern.exec(Expression) ?? [];
      const dimensions = schema.split(', ').map((term) => term.replaceAll('"', ''));
      expect(known).toContain(textOf({ namespace, name, dimensions, statistic: 'Maximum' }));
      expect(groups.split(', ').filter((group) => !dimensions.includes(group))).toEqual([]);
    }
  });

  it('judges whole periods that CloudWatch takes, within one day', () => {
    for (const { Period, Metrics, EvaluationPeriods, DatapointsToAlarm } of alarms) {
      const period = Period ?? Metrics?.map((metric) => metric.MetricStat?.Period ?? metric.Period).find(Boolean) ?? 0;
      expect(period % 60).toBe(0);
      expect(period).toBeGreaterThan(0);
      expect(period * EvaluationPeriods).toBeLessThanOrEqual(86_400);
      // Fewer would go off and be over with each run of what fails in every second one.
      expect(DatapointsToAlarm).toBeGreaterThanOrEqual(EvaluationPeriods / 2);
      expect(DatapointsToAlarm).toBeLessThanOrEqual(EvaluationPeriods);
    }
  });

  it('says what missing data means, and filters by no unit', () => {
    expect(alarms.filter(({ TreatMissingData, Unit }) => TreatMissingData === undefined || Unit !== undefined)).toEqual(
      [],
    );
  });

  it('tells the topic when it goes off and when it is over, itself or as a part of one that does', () => {
    const { metricAlarms, promqlAlarms, compositeAlarms } = alarmsIn(synthesis.template);
    // The topic, ours or a given one, or the function that makes messages of alarms, or both.
    const receivers = /:CollectorAlarmTopic|:on-call$|:function:CollectorNotifyMessenger/;
    for (const { AlarmActions, OKActions } of [...metricAlarms, ...promqlAlarms, ...compositeAlarms]) {
      expect(AlarmActions.filter((action) => !receivers.test(action))).toEqual([]);
      expect(OKActions).toEqual(AlarmActions);
    }
    expect(compositeAlarms.filter(({ AlarmActions }) => AlarmActions.length === 0)).toEqual([]);
    const silent = [...metricAlarms, ...promqlAlarms].filter(({ AlarmActions }) => AlarmActions.length === 0);
    const told = silent.filter(({ arn }) => !compositeAlarms.some(({ AlarmRule }) => AlarmRule.includes(`"${arn}"`)));
    const names = told.map(({ AlarmName }) => AlarmName.replace(/^[^/]*\//, ''));
    // Traces of what has an alarm of its own.
    expect(names.toSorted()).toEqual(variant === 'emulator' ? [] : ['dead-letters', 'function-errors']);
  });

  it('has a name of its own and a text that says what to do', () => {
    const all = [...alarms, ...alarmsIn(synthesis.template).promqlAlarms];

    expect(new Set(all.map(({ AlarmName }) => AlarmName)).size).toBe(all.length);
    expect(all.every(({ AlarmName }) => AlarmName.length <= 255)).toBe(true);
    expect(
      all.filter(({ AlarmDescription }) => AlarmDescription.length < 80 || AlarmDescription.length > 1024),
    ).toEqual([]);
  });
});

describe("a runbook of one's own", () => {
  const runbookUrl = 'https://wiki.example.com/ci/runbook';

  it('is where every alarm sends its reader, to the section of its kind', () => {
    const { metricAlarms } = alarmsIn(synthesise(withAlarms({ runbookUrl })).template);

    const sections = metricAlarms.map(({ AlarmName, AlarmDescription }) => [
      AlarmName.split('/')[1],
      / Runbook: https:\/\/wiki\.example\.com\/ci\/runbook#(\S+)$/.exec(AlarmDescription)?.[1],
    ]);
    expect(sections.length).toBeGreaterThan(8);
    expect(sections.filter(([kind, section]) => kind !== section)).toEqual([]);
  });

  it('whose address is too long for a description is an error that names the setting', () => {
    const long = `${runbookUrl}/${'x'.repeat(1000)}`;

    expect(() => synthesise(withAlarms({ runbookUrl: long }))).toThrow(
      /alarms\.runbookUrl.*makes the description of the alarm \S+ \d+ characters long, and CloudWatch takes 1024/,
    );
  });
});

describe('a queue without workers', () => {
  it('that is named has an alarm of its own', () => {
    const synthesis = synthesiseVariant('everything');

    expect(alarm(synthesis, 'queue-starved/main/production/default')).toMatchObject({
      Namespace: 'CI',
      MetricName: 'StarvedJobs',
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      DatapointsToAlarm: 10,
      EvaluationPeriods: 20,
      TreatMissingData: 'ignore',
      Dimensions: [
        { Name: 'Collector', Value: 'everything' },
        { Name: 'Environment', Value: 'production' },
        { Name: 'Queue', Value: 'default' },
        { Name: 'Scope', Value: 'production' },
        { Name: 'Source', Value: 'main' },
        { Name: 'System', Value: 'buildkite' },
        { Name: 'cost-centre', Value: 'ci' },
      ],
    });
    expect(alarm(synthesis, 'queue-starved/other/unclustered/linux')).toMatchObject({
      DatapointsToAlarm: 7,
      EvaluationPeriods: 14,
    });
  });

  it('that nobody named is covered by one query over all queues of its source', () => {
    expect(alarm(synthesiseVariant('minimal'), 'any-queue-starved/buildkite')).toMatchObject({
      Metrics: [
        {
          Expression:
            'SELECT MAX(StarvedJobs) FROM SCHEMA("CI", Queue, Scope, Source, System) WHERE Source = \'buildkite\' GROUP BY Source, Scope, Queue ORDER BY MAX() DESC',
          Period: 60,
          ReturnData: true,
        },
      ],
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      DatapointsToAlarm: 5,
      EvaluationPeriods: 10,
      TreatMissingData: 'ignore',
    });
  });

  it('is asked for with quotes around dimensions that need them', () => {
    const [query] = alarm(synthesiseVariant('everything'), 'any-queue-starved/main')?.Metrics ?? [];

    expect(query?.Expression).toContain(
      'FROM SCHEMA("CI", Collector, Environment, Queue, Scope, Source, System, "cost-centre")',
    );
  });

  it.each<[string, Partial<CollectorConfig>]>([
    ['nobody asks for it', withAlarms({ unnamedQueues: 'ignore' })],
    ['no sink publishes it', { sinks: [{ kind: 'stdout' }] }],
    ['the sink leaves it out', { sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['Starved*'] } }] }],
    ['it is published in another Region', { sinks: [{ kind: 'cloudwatch', region: 'us-east-1' }] }],
  ])('has no alarm when %s', (_, change) => {
    const synthesis = synthesise({ ...configOf('minimal'), ...change }, { env: { region: 'eu-west-1' } });

    expect(alarm(synthesis, 'any-queue-starved/buildkite')).toBeUndefined();
  });

  it('has an alarm when the sink names the Region of the stack', () => {
    const config = { ...configOf('minimal'), sinks: [{ kind: 'cloudwatch', region: 'eu-west-1' }] };

    expect(alarm(synthesise(config, { env: { region: 'eu-west-1' } }), 'any-queue-starved/buildkite')).toBeDefined();
  });

  it('that is named, but published in another Region only, fails the synthesis', () => {
    const config = {
      ...withAlarms({ queues: [{ source: 'buildkite', scope: 'a', queue: 'b' }] }),
      sinks: [{ kind: 'cloudwatch', region: 'us-east-1' }],
    };

    expect(() => synthesise(config, { env: { region: 'eu-west-1' } })).toThrow(
      /cloudwatch sink in the Region of the stack/,
    );
  });
});

describe('a workflow of Chainloop that is down', () => {
  const chainloop = {
    kind: 'chainloop',
    name: 'attestations',
    url: 'https://cp.example.com',
    organization: 'acme',
    token: { secret: 'ci-metrics/chainloop' },
  };
  const withChainloop = (more: object, alarms: Partial<CollectorConfig['alarms']> = {}): Synthesis =>
    synthesise({ ...withAlarms(alarms), sources: [{ ...chainloop, ...more }] });

  it('raises an alarm after half an hour, by the time that is in the value', () => {
    expect(alarm(withChainloop({}), 'workflow-down/attestations')).toMatchObject({
      Namespace: 'CI',
      MetricName: 'WorkflowDownTime',
      Statistic: 'Maximum',
      Dimensions: [
        { Name: 'Source', Value: 'attestations' },
        { Name: 'System', Value: 'chainloop' },
      ],
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 1800,
      DatapointsToAlarm: 1,
      EvaluationPeriods: 2,
      TreatMissingData: 'ignore',
    });
  });

  it('raises one by a query over all workflows, where only the metrics page is read', () => {
    expect(alarm(withChainloop({ read: 'relay' }), 'workflow-down/attestations')).toMatchObject({
      Metrics: [
        {
          Expression: `SELECT MAX(ChainloopWorkflowUp) FROM SCHEMA("CI", Org, Runner, Source, Workflow) WHERE Source = 'attestations' GROUP BY Source, Org, Workflow, Runner ORDER BY MAX() ASC`,
          Period: 60,
        },
      ],
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      DatapointsToAlarm: 30,
      EvaluationPeriods: 60,
      TreatMissingData: 'ignore',
    });
  });

  it.each([{}, { read: 'relay' }])('reads a metric that is published: %j', (more) => {
    const synthesis = withChainloop(more);
    const { MetricName, Metrics = [] } = alarm(synthesis, 'workflow-down/attestations') ?? {};

    const name = MetricName ?? queryPattern.exec((Metrics[0]?.Expression ?? '').replace(/ASC$/, 'DESC'))?.[2];
    const known = [...knownMetrics(synthesis.prepared)].filter((text) => text.split(' ')[1] === name);
    expect(known).not.toEqual([]);
  });

  it('waits as long as it is told to', () => {
    const alarms = { workflowDownMinutes: 90 };

    expect(alarm(withChainloop({}, alarms), 'workflow-down/attestations')).toMatchObject({ Threshold: 5400 });
    expect(alarm(withChainloop({ read: 'relay' }, alarms), 'workflow-down/attestations')).toMatchObject({
      DatapointsToAlarm: 90,
    });
  });

  it('has no alarm where no sink publishes it', () => {
    const synthesis = synthesise({ ...configOf('minimal'), sources: [chainloop], sinks: [{ kind: 'stdout' }] });

    expect(alarm(synthesis, 'workflow-down/attestations')).toBeUndefined();
  });
});

describe('a cluster with Tekton', () => {
  it.each([
    ['tekton-quota/ci', 'TektonQuotaTaskRuns', 10],
    ['tekton-node/ci', 'TektonNodeTaskRuns', 10],
    ['tekton-unseen/ci', 'TektonUnseenRuns', 5],
  ])('raises %s by %s after %i minutes', (name, metric, minutes) => {
    const synthesis = synthesiseVariant('eks');

    expect(alarm(synthesis, name)).toMatchObject({
      Namespace: 'CI',
      MetricName: metric,
      Statistic: 'Maximum',
      Dimensions: [
        { Name: 'Collector', Value: 'clusters' },
        { Name: 'Source', Value: 'ci' },
        { Name: 'System', Value: 'tekton' },
      ],
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      DatapointsToAlarm: minutes,
      EvaluationPeriods: 2 * minutes,
      TreatMissingData: 'ignore',
    });
    expect([...knownMetrics(synthesis.prepared)].some((text) => text.split(' ')[1] === metric)).toBe(true);
  });

  it('has no alarm on TaskRuns where they are not read', () => {
    expect(alarm(synthesiseVariant('eks'), 'tekton-quota/restricted')).toBeUndefined();
    expect(alarm(synthesiseVariant('eks'), 'tekton-unseen/restricted')).toBeDefined();
  });
});

describe('what an operator leaves out of CloudWatch', () => {
  it.each([
    ['StuckRuns', 'runs-stuck/ci'],
    ['SystemErrors', 'system-errors/ci'],
    ['TektonQuotaTaskRuns', 'tekton-quota/ci'],
    ['TektonUnseenRuns', 'tekton-unseen/ci'],
  ])('has no alarm, and can be deployed: %s', (metric, name) => {
    const sinks = [{ kind: 'cloudwatch', metrics: { exclude: [metric] } }];

    expect(alarm(synthesiseVariant('eks'), name)).toBeDefined();
    expect(alarm(synthesise({ ...configOf('eks'), sinks }), name)).toBeUndefined();
  });
});

describe('a dead collector', () => {
  it('raises collector-silent by the absence of runs that end, whatever AWS starts', () => {
    expect(alarm(synthesiseVariant('minimal'), 'collector-silent')).toMatchObject({
      Metrics: [
        { Expression: 'FILL(runs, 0)' },
        { MetricStat: { Metric: { Namespace: 'CI/Collector', MetricName: 'RunLag' }, Stat: 'SampleCount' } },
      ],
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 3,
    });
  });

  it('raises no alarm of a source, whose state nobody knows', () => {
    expect(alarm(synthesiseVariant('minimal'), 'source-down/buildkite')).toMatchObject({
      MetricName: 'SourceUp',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 6,
      TreatMissingData: 'ignore',
    });
  });

  it('raises nothing when its schedule is disabled', () => {
    const kept = alarmsOf(synthesiseVariant('vpc')).filter(
      ({ TreatMissingData = '' }) => !['notBreaching', 'missing'].includes(TreatMissingData),
    );

    expect(kept).toEqual([]);
  });

  it('does not raise the alarm of a sink, which would hide the cause', () => {
    expect(alarm(synthesiseVariant('minimal'), 'sink-down/cloudwatch')).toMatchObject({
      TreatMissingData: 'ignore',
    });
  });
});

describe('an alarm', () => {
  it('needs three of six runs where a run is longer than a minute: fewer would flap', () => {
    expect(alarm(synthesiseVariant('imported-secrets'), 'source-down/buildkite')).toMatchObject({
      Period: 300,
      DatapointsToAlarm: 3,
      EvaluationPeriods: 6,
    });
  });

  it('counts an hourly run for its hour', () => {
    const hourly = synthesise({ ...configOf('minimal'), interval: '60 minutes' });

    expect(alarm(hourly, 'collector-silent')).toMatchObject({ EvaluationPeriods: 2 });
    expect(alarm(hourly, 'collector-started')?.Metrics).toContainEqual(
      expect.objectContaining({ MetricStat: expect.objectContaining({ Period: 3600 }) as unknown }),
    );
  });

  it.each([
    ['1 minute', 'Maximum'],
    ['10 seconds', 'Minimum'],
  ])('on starved queues at %s reads the %s, so that a queue is starved for whole minutes', (interval, statistic) => {
    const queues = [{ source: 'buildkite', scope: 'unclustered', queue: 'default' }];
    const synthesis = synthesise({ ...withAlarms({ queues }), interval });

    expect(alarm(synthesis, 'queue-starved/buildkite/unclustered/default')).toMatchObject({ Statistic: statistic });
    const [query] = alarm(synthesis, 'any-queue-starved/buildkite')?.Metrics ?? [];
    expect(query?.Expression?.startsWith(statistic === 'Minimum' ? 'SELECT MIN(' : 'SELECT MAX(')).toBe(true);
  });

  it('over queues is one for all sources where the Region would have too many of them', () => {
    const [source] = configOf('minimal').sources;
    const sources = Array.from({ length: 51 }, (_, index) => ({ ...source, name: `s${String(index)}`, compat: false }));
    const synthesis = synthesise({ ...configOf('minimal'), sources });

    expect(alarm(synthesis, 'any-queue-starved')).toBeDefined();
    expect(alarm(synthesis, 'any-queue-starved/s0')).toBeUndefined();
  });

  it.each([{}, { tokenExpiringHours: 48 }, { tokens: [{ source: 'attestations', expiringHours: 2 }] }])(
    'on a credential goes off before its end by as much as %j says',
    (alarms) => {
      const token = { secret: 'ci-metrics/chainloop' };
      const url = 'https://cp.example.com';
      const sources = [{ kind: 'chainloop', name: 'attestations', url, organization: 'acme', token }];
      const hours = alarms.tokens?.[0]?.expiringHours ?? alarms.tokenExpiringHours ?? 14 * 24;

      expect(alarm(synthesise({ ...withAlarms(alarms), sources }), 'token-expiring/attestations')).toMatchObject({
        Threshold: 0,
        TreatMissingData: 'ignore',
        Metrics: expect.arrayContaining([
          expect.objectContaining({
            Expression: `left - IF(FILL(lifetime, ${String(hours * 7200)}) < ${String(hours * 7200)}, FILL(lifetime, ${String(hours * 7200)}) / 20, ${String(hours * 3600)})`,
          }),
        ]) as unknown,
      });
    },
  );

  it('on the credential of a source that does not tell its end is an error that names those that do', () => {
    const tokens = [{ source: 'nobody', expiringHours: 2 }];

    expect(() => synthesise(withAlarms({ tokens }))).toThrow(
      /alarms.tokens: names "nobody", .* no configured source does/,
    );
  });

  it('on the length of a run is missing where a run lasts a minute by design', () => {
    expect(alarm(synthesiseVariant('minimal'), 'function-slow')).toMatchObject({ Threshold: 40_000 });
    expect(alarm(synthesiseVariant('vpc'), 'function-slow')).toBeUndefined();
  });

  it('exists for each source and each sink', () => {
    const names = alarmsOf(synthesiseVariant('everything')).map(({ AlarmName }) =>
      AlarmName.replace('everything/', ''),
    );

    expect(names).toEqual(
      expect.arrayContaining([
        'source-down/main',
        'source-down/other',
        'sink-down/cloudwatch',
        'sink-down/remote-write',
        'sink-down/pushgateway',
        'function-errors',
        'function-throttled',
        'dead-letters',
        'schedule-dropped',
        'schedule-dead-letters',
      ]),
    );
  });

  it('tells the topic of the configuration', () => {
    const topics = alarmsOf(synthesiseVariant('vpc')).flatMap(({ AlarmActions }) => AlarmActions);

    expect(new Set(topics)).toEqual(new Set(['arn:aws:sns:eu-west-1:111122223333:on-call']));
    synthesiseVariant('vpc').template.resourceCountIs('AWS::SNS::Topic', 0);
  });

  it('reaches the e-mail addresses of the configuration', () => {
    synthesiseVariant('everything').template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'ci-team@example.com',
    });
  });
});
