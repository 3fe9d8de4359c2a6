/** Tests of what the pipelines of examples/tekton do when an alarm calls them, and that none can call itself. */
import { describe, expect, it } from 'vitest';
import { buildMessage } from '../../../lambda/alarms/message.ts';
import type { Telling } from '../../../lambda/alarms/decide.ts';
import { answersAlarm, createNaming } from '../../../lambda/sources/tekton/naming.ts';
import { TektonConfig } from '../../../lambda/sources/tekton/config.ts';
import { serverFor } from '../../servers/require.ts';
import { fillTemplate, findStarted, type Posted, type Started } from './listener.ts';
import { type Cluster, type Ran, runStep } from './kubectl.ts';

const sender = {
  ...{ collector: 'acme', account: '111122223333', region: 'eu-west-1', console: 'console.aws.amazon.com' },
  ...{ logGroup: '/aws/lambda/ci', dashboard: 'acme-eu-west-1', runbook: '', ciPages: {} },
};

/** What the webhook of CloudWatch alarms posts. */
function postedByCloudWatch(more: Partial<Telling>, token = 'token-of-cloudwatch'): Posted {
  const message = buildMessage(
    {
      ...{ alarm: 'acme/runs-stuck/tekton', group: 'acme/runs-stuck/tekton', state: 'ALARM', previousState: 'OK' },
      ...{ reason: 'Threshold Crossed', changedAt: '2026-03-01T03:12:45.123+0000' },
      ...{ isQuiet: false, isNamedInParts: false },
      ...more,
    },
    sender,
  );
  const { alarm, state, key, contributor } = message;
  const body = { alarm, state, key, ...(more.contributor === undefined ? {} : { contributor }) };
  return { headers: { 'x-ci-metrics-token': token }, body };
}

/** What Alertmanager posts of one alert, version 4 of its body. */
function postedByAlertmanager(labels: Readonly<Record<string, string>>, more: object = {}): Posted {
  const body = { version: '4', status: 'firing', groupKey: '{}/{alert}', commonLabels: labels, ...more };
  return { headers: { authorization: 'Bearer bearer-token' }, body };
}

const failing = { alertname: 'PipelineFailing', source: 'tekton', scope: 'ci', pipeline: 'build' };

describe('the listener', () => {
  it.each<readonly [string, Posted, Started]>([
    [
      'stuck runs, from CloudWatch',
      postedByCloudWatch({}),
      {
        trigger: 'stuck-runs-from-cloudwatch',
        template: 'cancel-stuck-runs',
        params: { alarm: 'eu-west-1/acme/runs-stuck/tekton' },
      },
    ],
    [
      'stuck runs, from Alertmanager',
      postedByAlertmanager({ alertname: 'RunsStuck', source: 'tekton', scope: 'ci', pipeline: 'build' }),
      {
        trigger: 'stuck-runs-from-alertmanager',
        template: 'cancel-stuck-runs',
        params: { alarm: '{}/{alert}', pipeline: 'build' },
      },
    ],
    [
      'a quota, from CloudWatch',
      postedByCloudWatch({ alarm: 'acme/tekton-quota/tekton', group: 'acme/tekton-quota/tekton' }),
      {
        trigger: 'quota-from-cloudwatch',
        template: 'clean-up-pods',
        params: { alarm: 'eu-west-1/acme/tekton-quota/tekton' },
      },
    ],
    [
      'a quota, from Alertmanager',
      postedByAlertmanager({ alertname: 'TektonQuotaExceeded', source: 'tekton', scope: 'ci' }),
      { trigger: 'quota-from-alertmanager', template: 'clean-up-pods', params: { alarm: '{}/{alert}' } },
    ],
    [
      'a failing pipeline, from CloudWatch',
      postedByCloudWatch({ alarm: 'acme/pipeline-failing/tekton/ci/build', group: 'g' }),
      {
        trigger: 'failing-pipeline-from-cloudwatch',
        template: 'rerun-once',
        params: { alarm: 'eu-west-1/g', pipeline: 'build' },
      },
    ],
    [
      'a failing pipeline, from Alertmanager',
      postedByAlertmanager(failing),
      {
        trigger: 'failing-pipeline-from-alertmanager',
        template: 'rerun-once',
        params: { alarm: '{}/{alert}', pipeline: 'build' },
      },
    ],
    [
      'a queue, from CloudWatch',
      postedByCloudWatch({
        ...{ alarm: 'acme/any-queue-waits/main', group: 'acme/any-queue-stuck/main' },
        contributor: { Source: 'main', Scope: 'Linux', Queue: 'deploy' },
      }),
      {
        trigger: 'waiting-queue-from-cloudwatch',
        template: 'add-runner',
        params: { alarm: 'eu-west-1/acme/any-queue-stuck/main/deploy/Linux/main', source: 'main', queue: 'deploy' },
      },
    ],
    [
      'a queue by OTLP, from CloudWatch',
      postedByCloudWatch({
        ...{ alarm: 'acme/any-queue-waits/main', group: 'g' },
        contributor: { source: 'main', queue: 'deploy' },
      }),
      {
        trigger: 'waiting-queue-from-cloudwatch',
        template: 'add-runner',
        params: { alarm: 'eu-west-1/g/deploy/main', source: 'main', queue: 'deploy' },
      },
    ],
    [
      'a queue, from Alertmanager',
      postedByAlertmanager({ alertname: 'QueueOldestWait', source: 'main', scope: 'Linux', queue: 'deploy' }),
      {
        trigger: 'waiting-queue-from-alertmanager',
        template: 'add-runner',
        params: { alarm: '{}/{alert}', source: 'main', queue: 'deploy' },
      },
    ],
    [
      'a queue without workers, from Alertmanager',
      postedByAlertmanager({ alertname: 'QueueStarved', source: 'main', scope: 'Linux', queue: 'deploy' }),
      {
        trigger: 'waiting-queue-from-alertmanager',
        template: 'add-runner',
        params: { alarm: '{}/{alert}', source: 'main', queue: 'deploy' },
      },
    ],
  ])('starts one template for %s', (_, posted, started) => {
    expect(findStarted(posted)).toEqual([started]);
  });

  it.each<readonly [string, Posted]>([
    ['an alarm that is over', postedByCloudWatch({ state: 'OK' })],
    ['an alert that is over', postedByAlertmanager(failing, { status: 'resolved' })],
    ['an alarm without data', postedByCloudWatch({ state: 'INSUFFICIENT_DATA' })],
    ['another alarm', postedByCloudWatch({ alarm: 'acme/source-down/tekton', group: 'g' })],
    ['another alert', postedByAlertmanager({ ...failing, alertname: 'SourceDown' })],
    ['another namespace', postedByAlertmanager({ ...failing, scope: 'prod' })],
    ['another namespace, from CloudWatch', postedByCloudWatch({ alarm: 'acme/pipeline-failing/tekton/prod/build' })],
    ...['RunsStuck', 'PipelineFailing', 'TektonQuotaExceeded'].map(
      (alertname) =>
        [`${alertname} of another source`, postedByAlertmanager({ ...failing, alertname, source: 'other' })] as const,
    ),
    ...['runs-stuck/other', 'tekton-quota/other', 'pipeline-failing/other/ci/build', 'runs-stuck/tekton/more'].map(
      (alarm) => [`${alarm}, from CloudWatch`, postedByCloudWatch({ alarm: `acme/${alarm}`, group: 'g' })] as const,
    ),
    ['all queues as one', postedByCloudWatch({ alarm: 'acme/any-queue-waits/main', group: 'g' })],
    ['a wrong token', postedByCloudWatch({}, 'guessed')],
    ['no token', { ...postedByAlertmanager(failing), headers: {} }],
    ['a token without its scheme', { ...postedByAlertmanager(failing), headers: { authorization: 'bearer-token' } }],
    ['a body of another sender', { headers: { authorization: 'Bearer bearer-token' }, body: {} }],
  ])('starts nothing for %s', (_, posted) => {
    expect(findStarted(posted)).toEqual([]);
  });

  it('starts nothing for what an alarm has started', () => {
    const config = TektonConfig.parse({ kind: 'tekton', cluster: { server: 'https://a', token: { env: 'T' } } });
    const described = { name: 'build-1-again', namespace: 'ci', annotations: {} };
    const labels = { 'tekton.dev/pipeline': 'build', 'ci-metrics-collector/started-by': 'alarm' };
    const pipeline = createNaming(config).pipeline({ ...described, labels });

    expect(pipeline).toBe(answersAlarm);
    expect(createNaming(config).pipeline({ ...described, labels: { 'tekton.dev/pipeline': 'build' } })).toBe('build');
    for (const alertname of ['PipelineFailing', 'RunsStuck'])
      expect(findStarted(postedByAlertmanager({ ...failing, alertname, pipeline }))).toEqual([]);
    expect(findStarted(postedByCloudWatch({ alarm: `acme/pipeline-failing/tekton/ci/${pipeline}` }))).toEqual([]);
  });
});

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString().replace(/\.\d+/, '');

function run(name: string, more: { started?: number; ended?: number; ok?: boolean; pipeline?: string }): object {
  const { started = 3, ended, ok = false, pipeline = 'build' } = more;
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: {
      ...{ name, namespace: 'ci', uid: 'u', creationTimestamp: hoursAgo(started) },
      labels: { 'tekton.dev/pipeline': pipeline, 'pipelinesascode.tekton.dev/sha': 'abc' },
    },
    spec: { pipelineRef: { name: pipeline }, params: [{ name: 'a', value: 'b' }], status: 'Cancelled' },
    status: {
      startTime: hoursAgo(started),
      ...(ended === undefined
        ? {}
        : { completionTime: hoursAgo(ended), conditions: [{ type: 'Succeeded', status: ok ? 'True' : 'False' }] }),
    },
  };
}

const calls = async (
  name: string,
  given: Readonly<Record<string, string>>,
  cluster: Cluster,
  refuses?: string,
): Promise<Ran> => await runStep(fillTemplate(name, { alarm: 'the alarm', ...given }), cluster, refuses);

serverFor(
  'jq',
  'jq',
  'apt-get install jq',
)('the scripts', () => {
  it('cancel what has been open for two hours, with its finally tasks, and nothing else', async () => {
    const pipelineruns = [
      run('old', {}),
      run('young', { started: 1 }),
      run('ended', { ended: 1 }),
      run('other', { pipeline: 'deploy' }),
      { metadata: { name: 'not-begun' }, status: {} },
    ];
    const patched = (name: string): string =>
      `patch pipelinerun ${name} --namespace ci --type merge --patch {"spec":{"status":"CancelledRunFinally"}}`;

    const one = await calls('cancel-stuck-runs', { pipeline: 'build' }, { pipelineruns });
    const all = await calls('cancel-stuck-runs', {}, { pipelineruns });

    expect(one.changes).toEqual([patched('old')]);
    expect(all.changes).toEqual([patched('old'), patched('other')]);
    expect(one.output).toContain('called by the alarm');
    expect((await calls('cancel-stuck-runs', {}, { pipelineruns: [] })).changes).toEqual([]);
  });

  it('delete the pods of what ended an hour ago', async () => {
    const pod = (name: string, phase: string, ended?: number): object => ({
      metadata: { name },
      status: {
        phase,
        containerStatuses: [
          { state: ended === undefined ? { running: {} } : { terminated: { finishedAt: hoursAgo(ended) } } },
          ...(ended === undefined ? [] : [{ state: { terminated: { finishedAt: hoursAgo(ended + 1) } } }]),
        ],
      },
    });
    const pods = [
      ...[pod('done', 'Succeeded', 2), pod('broken', 'Failed', 3), pod('fresh', 'Succeeded', 0.5)],
      ...[pod('busy', 'Running'), { metadata: { name: 'odd' }, status: { phase: 'Failed' } }],
    ];

    expect((await calls('clean-up-pods', {}, { pods })).changes).toEqual([
      'delete pod --namespace ci --ignore-not-found --wait=false done broken',
    ]);
    expect((await calls('clean-up-pods', {}, { pods: [] })).changes).toEqual([]);
  });

  it('run the newest run of a pipeline again if it has failed, as a run that is labelled', async () => {
    const pipelineruns = [
      run('build-2', { started: 1, ended: 0.5 }),
      run('build-1', { started: 2, ended: 1, ok: true }),
      run('deploy-9', { started: 0.5, ended: 0.1, pipeline: 'deploy' }),
    ];

    const { created } = await calls('rerun-once', { pipeline: 'build' }, { pipelineruns });

    expect(created).toEqual([
      {
        ...{ apiVersion: 'tekton.dev/v1', kind: 'PipelineRun' },
        metadata: { name: 'build-2-again', namespace: 'ci', labels: { 'ci-metrics-collector/started-by': 'alarm' } },
        spec: { pipelineRef: { name: 'build' }, params: [{ name: 'a', value: 'b' }] },
      },
    ]);
  });

  it('run nothing again that has succeeded since, or runs, or was run again already', async () => {
    const again = (pipelineruns: readonly object[], refuses?: string) =>
      calls('rerun-once', { pipeline: 'build' }, { pipelineruns }, refuses);

    expect((await again([run('a', { ended: 1, ok: true })])).created).toEqual([]);
    expect((await again([run('a', { ended: 2 }), run('b', { started: 1 })])).created).toEqual([]);
    expect((await again([])).output).toContain('has not failed');
    const refused = 'Error from server (AlreadyExists): pipelineruns.tekton.dev "a-again" already exists';
    expect((await again([run('a', { ended: 1 })], refused)).output).toContain('it was run again already');
    await expect(again([run('a', { ended: 1 })], 'Error from server (Forbidden): no')).rejects.toThrow('Forbidden');
  });

  it('add a runner to the Deployment of the queue, and never more than it allows', async () => {
    const deployment = (name: string, replicas: number, annotations: Readonly<Record<string, string>>): object => ({
      metadata: { name, annotations },
      spec: { replicas },
    });
    const queue = { 'ci-metrics-collector/queue': 'main/deploy "$(reboot)' };
    const deployments = [
      deployment('runners', 2, { ...queue, 'ci-metrics-collector/most-replicas': '3' }),
      deployment('full', 3, { ...queue, 'ci-metrics-collector/most-replicas': '3' }),
      deployment('unbounded', 1, queue),
      deployment('other', 1, { 'ci-metrics-collector/queue': 'main/x', 'ci-metrics-collector/most-replicas': '9' }),
      { metadata: { name: 'plain' }, spec: { replicas: 1 } },
    ];

    const { changes } = await calls('add-runner', { source: 'main', queue: 'deploy "$(reboot)' }, { deployments });

    expect(changes).toEqual(['scale deployment runners --namespace ci --current-replicas 2 --replicas 3']);
  });
});
