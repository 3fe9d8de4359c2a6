/** Tests of the stack of a Bitbucket workspace: its dashboard and its alarm on late counting. */
import { describe, expect, it } from 'vitest';
import { collectMetricNames } from '../../lambda/model/for-sinks/cloud-watch-shape.ts';
import { bitbucketPipelines } from '../../lambda/sources/bitbucket-pipelines/index.ts';
import { resolved } from './intrinsics.ts';
import { knownMetrics, textOf } from './metrics/known-metrics.ts';
import { configOf, synthesise, type Synthesis, synthesiseVariant } from './synthesis.ts';

/** `SEARCH('{CI,Queue,…} MetricName="QueuedJobs"', 'Maximum', 60)`, with its quotes escaped. */
const search = /SEARCH\('\{([^,}]+),([^}]+)\} MetricName=\\"([^"\\]+)\\"(?: [A-Za-z]+=\\"[^"\\]+\\")*', '([^']+)'/g;

function searchesOf({ template }: Synthesis): ReadonlyMap<string, string> {
  const [dashboard] = resolved(template, 'AWS::CloudWatch::Dashboard');
  const body = String(dashboard?.properties['DashboardBody']);
  return new Map(
    [...body.matchAll(search)].map(([, namespace = '', dimensions = '', name = '', statistic = '']) => [
      name,
      textOf({ namespace, name, dimensions: dimensions.split(','), statistic }),
    ]),
  );
}

function alarm({ template }: Synthesis, name: string): Readonly<Record<string, unknown>> | undefined {
  const alarms = resolved(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);
  return alarms.find((properties) => properties['AlarmName'] === name);
}

describe('a workspace of Bitbucket', () => {
  const synthesis = synthesiseVariant('workspace');

  it('has every metric on the dashboard, as it is published', () => {
    /** Figures that stand beside others and say little by themselves. */
    const notShown = new Set([
      ...['SucceededJobs', 'FailedJobs', 'ErroredJobs', 'TimedOutJobs', 'CancelledJobs', 'SkippedJobs', 'OtherJobs'],
      ...['CancelledRuns', 'SkippedRuns', 'OtherRuns', 'SecondsSinceLastVerdict', 'ReservedJobs', 'LimitedJobs'],
      ...['ErroredDeployments', 'TimedOutDeployments', 'CancelledDeployments', 'SkippedDeployments'],
      ...['OtherDeployments', 'PausedWorkers'],
      // The dashboard shows how long runs took without what they waited for people.
      'RunDuration',
      ...['RepositoriesRecent', 'RepositoriesQuiet', 'RepositoriesWithoutPipelines'],
    ]);
    const shown = searchesOf(synthesis);
    const known = knownMetrics(synthesis.prepared);

    const names = bitbucketPipelines.metrics.flatMap(({ cloudWatch }) => collectMetricNames(cloudWatch));

    expect(names.filter((name) => !shown.has(name) && !notShown.has(name))).toEqual([]);
    expect([...shown.values()].filter((text) => !known.has(text))).toEqual([]);
  });

  it.each([
    ['OldestRepositoryLook', 'CI OldestRepositoryLook {Collector,Source,System} Maximum'],
    ['BusyRunnersPeak', 'CI BusyRunnersPeak {Collector,Source,System} Maximum'],
    ['BuildSecondsCharged', 'CI BuildSecondsCharged {Collector,Pipeline,Scope,Source,System} Sum'],
    ['FailedDeployments', 'CI FailedDeployments {Collector,DeployEnvironment,Scope,Source,System} Sum'],
  ])('has a line for each thing that %s is about, and none for their total', (name, text) => {
    expect(searchesOf(synthesis).get(name)).toBe(text);
  });

  it('is late after a day, and has no alarm on counting that is behind by plan', () => {
    expect(alarm(synthesis, 'workspace/looks-late/acme')).toMatchObject({
      Namespace: 'CI',
      MetricName: 'OldestRepositoryLook',
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 86_400,
      DatapointsToAlarm: 15,
      EvaluationPeriods: 30,
      TreatMissingData: 'ignore',
    });
    expect(alarm(synthesis, 'workspace/counting-late/acme')).toBeUndefined();
    expect(alarm(synthesiseVariant('stateful'), 'stateful/counting-late/buildkite')).toBeDefined();
  });

  it('can be deployed without the figure of the alarm', () => {
    const sinks = [{ kind: 'cloudwatch', metrics: { exclude: ['OldestRepositoryLook'] } }];

    expect(alarm(synthesise({ ...configOf('workspace'), sinks }), 'workspace/looks-late/acme')).toBeUndefined();
  });
});
