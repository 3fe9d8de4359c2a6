/** Tests of the CloudWatch dashboard: its metrics, its layout and its limits. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { catalogue } from '../../../lambda/model/catalogue/catalogue.ts';
import { collectMetricNames } from '../../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { profiles } from '../../../lambda/sources/prometheus/profiles.ts';
import { resolved } from '../intrinsics.ts';
import { knownMetrics, type MetricReference, textOf } from '../metrics/known-metrics.ts';
import { configOf, synthesise, type Synthesis, synthesiseVariant } from '../synthesis.ts';

const Widget = z.object({
  type: z.string(),
  x: z.int(),
  y: z.int(),
  width: z.int(),
  height: z.int(),
  properties: z.looseObject({
    title: z.string().optional(),
    period: z.number().optional(),
    metrics: z.array(z.array(z.unknown())).optional(),
    markdown: z.string().optional(),
    alarms: z.array(z.string()).optional(),
  }),
});
type Widget = z.infer<typeof Widget>;

function widgetsOf({ template }: Synthesis): readonly Widget[] {
  const [dashboard] = resolved(template, 'AWS::CloudWatch::Dashboard');
  const body: unknown = JSON.parse(String(dashboard?.properties['DashboardBody']));
  return z.object({ widgets: z.array(Widget) }).parse(body).widgets;
}

/** `SEARCH('{CI,Queue,…} MetricName="QueuedJobs" System="buildkite"', 'Maximum', 60)` */
const searchPattern = /^SEARCH\('\{([^}]+)\} MetricName="([^"]+)"(?: [A-Za-z]+="[^"]+")*', '([^']+)', (\d+)\)$/;

interface Referenced extends MetricReference {
  readonly period: number;
  readonly region: string | undefined;
}

/** Every metric that a graph names, by hand or by a search; AWS's own metrics left out. */
function metricsOf({ properties: { metrics = [], period } }: Widget): readonly Referenced[] {
  return metrics.flatMap((line): readonly Referenced[] => {
    const options = z
      .object({ stat: z.string().optional(), expression: z.string().optional(), region: z.string().optional() })
      .parse(line.at(-1));
    if (options.expression !== undefined) return [searched(options.expression, options.region)];
    const [namespace, name, ...dimensions] = z.array(z.string()).parse(line.slice(0, -1));
    if (namespace === undefined || name === undefined)
      throw new Error(`a metric without a name: ${JSON.stringify(line)}`);
    if (namespace.startsWith('AWS/')) return [];
    const names = dimensions.filter((_, index) => index % 2 === 0);
    return [
      {
        namespace,
        name,
        dimensions: names,
        statistic: options.stat ?? 'Average',
        period: period ?? 300,
        region: options.region,
      },
    ];
  });
}

function searched(expression: string, region: string | undefined): Referenced {
  const [, schema = '', name = '', statistic = '', period = ''] = searchPattern.exec(expression) ?? [];
  if (name === '') throw new Error(`not a search: ${expression}`);
  const [namespace = '', ...dimensions] = schema.split(',').map((term) => term.replaceAll('"', ''));
  return { namespace, name, dimensions, statistic, period: Number(period), region };
}

describe.each(['minimal', 'everything', 'imported-secrets', 'emulator'] as const)('the dashboard of %s', (variant) => {
  const synthesis = synthesiseVariant(variant);
  const widgets = widgetsOf(synthesis);
  const metrics = widgets.flatMap(metricsOf);

  it('names only metrics that exist, with their dimensions and their statistic', () => {
    const known = knownMetrics(synthesis.prepared);

    expect(metrics.length).toBeGreaterThan(15);
    expect(metrics.map(textOf).filter((metric) => !known.has(metric))).toEqual([]);
  });

  it('fits into 24 columns without an overlap', () => {
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, cell) => `${String(x + (cell % width))}/${String(y + Math.floor(cell / width))}`,
      ),
    );

    expect(widgets.every(({ x, width }) => x >= 0 && x + width <= 24)).toBe(true);
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('stays within the limits of CloudWatch', () => {
    expect(widgets.length).toBeLessThanOrEqual(500);
    expect(widgets.every(({ properties }) => (properties.metrics ?? []).length <= 500)).toBe(true);
  });

  it('shows one run a point', () => {
    const intervalSeconds = variant === 'imported-secrets' ? 300 : 60;

    expect(new Set(metrics.map(({ period }) => period))).toEqual(new Set([intervalSeconds]));
  });

  it('begins with every alarm', () => {
    const [first] = widgets;

    expect(first?.type).toBe('alarm');
    const metricAlarms = resolved(synthesis.template, 'AWS::CloudWatch::Alarm').length;
    const compositeAlarms = resolved(synthesis.template, 'AWS::CloudWatch::CompositeAlarm').length;
    expect(first?.properties.alarms).toHaveLength(metricAlarms + compositeAlarms);
  });

  it('asks one question a row', () => {
    const questions = widgets.flatMap(({ properties: { markdown } }) => markdown?.split('\n')[0] ?? []);

    const counts = synthesis.prepared.sources.some(({ needsState }) => needsState);
    expect(questions).toEqual([
      '## Is CI fast?',
      '## Is a queue stuck?',
      '## Are there workers?',
      ...(counts ? ['## Do the builds pass?', '## What does it cost?'] : []),
      '## Is the collector alive?',
      ...(counts ? ['## Does it count every run?'] : []),
      '## Does AWS run it?',
    ]);
  });
});

function searchesOf(synthesis: Synthesis, title: string): readonly string[] {
  const widget = widgetsOf(synthesis).find(({ properties }) => properties.title === title);
  return widget === undefined ? [] : metricsOf(widget).map(textOf);
}

describe('the graph of the duration of runs', () => {
  const held = {
    kind: 'bitbucket-pipelines',
    name: 'acme',
    workspace: 'acme',
    auth: { accessToken: { secret: 'ci/b' } },
  };
  const cluster = { server: 'https://kubernetes.example.com:6443', token: { secret: 'ci/t' } };
  const unheld = { kind: 'tekton', name: 'prod', cluster };
  const expressionsOf = (...sources: readonly Readonly<Record<string, unknown>>[]): readonly string[] => {
    const synthesis = synthesise({ ...configOf('minimal'), sources: [...sources], sinks: [{ kind: 'cloudwatch' }] });
    const widget = widgetsOf(synthesis).find(({ properties }) => properties.title === 'Run duration, p95');
    const Line = z.tuple([z.object({ expression: z.string() })]);
    return (widget?.properties.metrics ?? []).map((line) => Line.parse(line)[0].expression);
  };
  const search = (terms: string): string =>
    `SEARCH('{CI,Pipeline,Scope,Source,System} MetricName=${terms}', 'p95', 60)`;

  it('is without what people were waited for where that is published', () => {
    expect(expressionsOf(held)).toEqual([search('"RunActiveDuration"')]);
  });

  it('is from start to end where nobody can hold a run', () => {
    expect(expressionsOf(unheld)).toEqual([search('"RunDuration"')]);
  });

  it('has each source once where they differ', () => {
    expect(expressionsOf(held, unheld)).toEqual([
      search('"RunActiveDuration"'),
      search('"RunDuration" System="tekton" Source="prod"'),
    ]);
  });
});

describe('a graph of queues', () => {
  it('shows the names of Buildkite’s own tool where only they are published, in and outside of clusters', () => {
    const synthesis = synthesiseVariant('minimal');

    expect(searchesOf(synthesis, 'Queued jobs')).toEqual([
      'Buildkite ScheduledJobsCount {Cluster,Org,Queue} Maximum',
      'Buildkite ScheduledJobsCount {Org,Queue} Maximum',
    ]);
    expect(searchesOf(synthesis, 'Starved jobs')).toEqual(['CI StarvedJobs {Queue,Scope,Source,System} Maximum']);
  });

  it('shows the neutral names without compatibility', () => {
    const synthesis = synthesiseVariant('imported-secrets');

    expect(searchesOf(synthesis, 'Queued jobs')).toEqual(['CI QueuedJobs {Queue,Scope,Source,System} Maximum']);
    expect(searchesOf(synthesis, 'Utilisation')).toEqual(['CI WorkerUtilization {Queue,Scope,Source,System} Average']);
  });

  it('shows both where sources differ, with the operator’s dimensions', () => {
    const synthesis = synthesiseVariant('everything');

    expect(searchesOf(synthesis, 'Busy workers')).toEqual([
      'Buildkite BusyAgentCount {Cluster,Environment,Org,Queue,cost-centre} Maximum',
      'Buildkite BusyAgentCount {Environment,Org,Queue,cost-centre} Maximum',
      'CI BusyWorkers {Collector,Environment,Queue,Scope,Source,System,cost-centre} Maximum',
    ]);
  });

  it('quotes names that a search would not understand', () => {
    const widget = widgetsOf(synthesiseVariant('everything')).find(
      ({ properties }) => properties.title === 'Starved jobs',
    );

    expect(widget?.properties.metrics?.[0]?.[0]).toMatchObject({
      expression: `SEARCH('{CI,Collector,Environment,Queue,Scope,Source,System,"cost-centre"} MetricName="StarvedJobs" Collector="everything"', 'Maximum', 60)`,
    });
  });

  it('searches in the Region of the sink', () => {
    const regions = widgetsOf(synthesiseVariant('imported-secrets'))
      .flatMap(metricsOf)
      .filter(({ namespace }) => namespace === 'CI')
      .map(({ region }) => region);

    expect(new Set(regions)).toEqual(new Set(['us-east-1']));
  });

  it('leaves out what the sink does not publish', () => {
    const config = configOf('minimal');

    const synthesis = synthesise({
      ...config,
      sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['*Agent*', '*Workers', 'Worker*'] } }],
    });

    expect(searchesOf(synthesis, 'Idle workers')).toEqual([]);
    expect(JSON.stringify(widgetsOf(synthesis))).not.toContain('Are there workers?');
  });

  it('comes back to the neutral name when the vendor’s is left out', () => {
    const config = configOf('minimal');

    const synthesis = synthesise({
      ...config,
      sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['IdleAgentCount'] } }],
    });

    expect(searchesOf(synthesis, 'Idle workers')).toEqual(['CI IdleWorkers {Queue,Scope,Source,System} Maximum']);
  });
});

describe('without a cloudwatch sink', () => {
  it('the dashboard has the collector’s own figures only', () => {
    const config = configOf('minimal');

    const synthesis = synthesise({ ...config, sinks: [{ kind: 'stdout' }] });

    const namespaces = widgetsOf(synthesis)
      .flatMap(metricsOf)
      .map(({ namespace }) => namespace);
    expect(new Set(namespaces)).toEqual(new Set(['CI/Collector']));
    expect(JSON.stringify(widgetsOf(synthesis))).not.toContain('Is a queue stuck?');
  });

  it('and can be left out', () => {
    synthesiseVariant('vpc').template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});

describe('a graph of what another system says of itself', () => {
  const agents = {
    kind: 'prometheus',
    name: 'agents',
    profile: 'buildkite-agent',
    targets: [{ url: 'https://agent.example.com/metrics' }],
  };

  it('shows every measure, with its dimensions, and only metrics that are published', () => {
    const synthesis = synthesise({ ...configOf('minimal'), sources: [{ ...agents, measures: 'profile' }] });
    const known = knownMetrics(synthesis.prepared);

    expect(searchesOf(synthesis, 'buildkite_agent_jobs_ended_total')).toEqual([
      'Prometheus buildkite_agent_jobs_ended_total {Job,Queue} Sum',
    ]);
    const { measures } = profiles['buildkite-agent'];
    const shown = measures.flatMap(({ metric }) => searchesOf(synthesis, metric));
    expect(shown).toHaveLength(measures.length);
    expect(shown.filter((metric) => !known.has(metric))).toEqual([]);
  });

  it('is one for two sources that measure the same', () => {
    const sources = ['a', 'b'].map((name) => ({
      ...agents,
      name,
      measures: [{ metric: 'x_seconds', type: 'gauge' }],
    }));

    const synthesis = synthesise({ ...configOf('minimal'), sources });

    expect(searchesOf(synthesis, 'x_seconds')).toEqual(['Prometheus x_seconds {Job} Average']);
  });

  it('is missing where nothing is measured', () => {
    const synthesis = synthesise({ ...configOf('minimal'), sources: [agents] });

    expect(JSON.stringify(widgetsOf(synthesis))).not.toContain('What do other systems say');
  });
});

describe('a graph of Chainloop', () => {
  it('shows workflows that are down and gates that block', () => {
    const chainloop = {
      kind: 'chainloop',
      url: 'https://cp.example.com',
      organization: 'acme',
      token: { secret: 'ci-metrics/chainloop' },
    };
    const synthesis = synthesise({ ...configOf('minimal'), sources: [chainloop] });

    expect(searchesOf(synthesis, 'Workflows that are down')).toEqual([
      'CI WorkflowDownTime {Pipeline,Scope,Source,System} Maximum',
    ]);
    expect(searchesOf(synthesis, 'Policy gates that block')).toEqual([
      'CI PolicyBlocked {Pipeline,Scope,Source,System} Sum',
    ]);
  });
});

describe('every metric of a queue or of the collector', () => {
  /** Not for a graph: constants, ages that another graph has, and states that no source gives yet. */
  const notShown = new Set([
    'BuildInfo',
    'SecondsSinceLastRun',
    'QuotaLimit',
    'ReservedJobs',
    'LimitedJobs',
    'OfflineWorkers',
    'PausedWorkers',
    // How repositories are shared out among the looks; how old the oldest look is has a graph, and says whether it suffices.
    'RepositoriesRecent',
    'RepositoriesQuiet',
    'RepositoriesWithoutPipelines',
    // For a query, when hints by webhook are missing.
    'WebhookEvents',
    // Beside the panels of their pipelines and queues these say little: they are for alarms and queries.
    'QueueWaitMin',
    'QueueWaitP50',
    'QueueWaitMax',
    'SecondsSinceLastVerdict',
    'SucceededJobs',
    'FailedJobs',
    'ErroredJobs',
    'TimedOutJobs',
    'CancelledJobs',
    'SkippedJobs',
    'OtherJobs',
    'CancelledRuns',
    'SkippedRuns',
    'OtherRuns',
    'ErroredDeployments',
    'TimedOutDeployments',
    'CancelledDeployments',
    'SkippedDeployments',
    'OtherDeployments',
  ]);

  it('is on the dashboard', () => {
    const github = {
      kind: 'github-actions',
      organization: 'acme',
      deployments: {},
      auth: { token: { secret: 'ci-metrics/github' } },
    };
    const minimal = configOf('minimal');
    const prices = {
      currency: 'USD',
      queues: [{ queue: '*', scope: '*', source: '*', per: 'worker-hour', price: 1 }],
    } as const;
    const deploying = synthesise({
      ...minimal,
      sources: [github, ...minimal.sources],
      prices: { ...prices, queues: [...prices.queues] },
    });
    const shown = new Set(
      // The last variant for what is shown only where no person can hold a run.
      [deploying, ...(['imported-secrets', 'everything', 'eks'] as const).map(synthesiseVariant)]
        .flatMap(widgetsOf)
        .flatMap(metricsOf)
        .map(({ name }) => name),
    );
    const names = catalogue.flatMap(({ cloudWatch }) => collectMetricNames(cloudWatch));

    expect(names.filter((name) => !shown.has(name) && !notShown.has(name))).toEqual([]);
  });
});

describe('a graph that nothing can fill', () => {
  it.each([
    ['API quota left', 'minimal', 'stateful'],
    ['Increases that wait', 'minimal', 'stateful'],
    ['Until a credential ends', 'eks', 'stateful'],
  ] as const)('is left out: %s of %s, not of %s', (title, without, having) => {
    const titlesOf = (variant: Parameters<typeof synthesiseVariant>[0]) =>
      widgetsOf(synthesiseVariant(variant)).map(({ properties }) => properties.title);

    expect(titlesOf(without)).not.toContain(title);
    expect(titlesOf(having)).toContain(title);
  });

  it('has no line of a sink that takes running totals', () => {
    const synthesis = synthesiseVariant('everything');
    const [waiting] = widgetsOf(synthesis).filter(({ properties }) => properties.title === 'Increases that wait');

    expect(synthesis.prepared.sinks.length).toBeGreaterThan(1);
    expect(waiting?.properties.metrics).toHaveLength(1);
  });
});
