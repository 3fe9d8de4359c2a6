import { describe, expect, it } from 'vitest';
import { checkDeployment } from '../../lambda/config/deployment-checks.ts';
import { Alarms, Deployment } from '../../lambda/config/deployment.ts';
import { configOf } from './synthesis.ts';

function findings(change: Readonly<Record<string, unknown>>): readonly string[] {
  const config = { ...configOf('minimal'), ...change };
  return checkDeployment(config).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const alarms = (settings: Readonly<Record<string, unknown>>) => ({ alarms: Alarms.parse(settings) });
const deployment = (settings: Readonly<Record<string, unknown>>) => ({ deployment: Deployment.parse(settings) });
const queue = { source: 'buildkite', scope: 'a', queue: 'b' };

describe('the sections for the stack alone', () => {
  it('have a default for everything', () => {
    expect(Deployment.parse({})).toEqual({
      schedule: 'enabled',
      memoryMegabytes: 512,
      logRetentionDays: 30,
      secrets: 'create',
      stateTable: 'retain',
      tracing: 'off',
      dashboard: 'create',
      tags: {},
    });
    expect(Alarms.parse({})).toEqual({
      emails: [],
      queues: [],
      pipelines: [],
      unnamedQueues: 'alarm',
      starvedMinutes: 5,
      oldestWaitMinutes: 10,
      stuckRunsMinutes: 15,
      throttledMinutes: 10,
      tokenExpiringHours: 336,
      tokens: [],
      unseenMinutes: 5,
      workflowDownMinutes: 30,
      systemErrors: 10,
      countingLateMinutes: 30,
      sourceDownMinutes: 3,
      sinkDownMinutes: 3,
      silentMinutes: 3,
      durationPercent: 80,
    });
  });

  it('fit together in the shipped and in every tested configuration', () => {
    expect(checkDeployment(configOf('everything'))).toEqual([]);
    expect(checkDeployment(configOf('vpc'))).toEqual([]);
  });

  it.each([
    [{ stackName: '1st' }, 'must be 1 to 128 letters, digits or dashes and start with a letter'],
    [{ logRetentionDays: 31 }, 'expected one of 1|3|5|7|14|30'],
    [{ timeoutSeconds: 901 }, '<=900'],
    [{ reservedConcurrency: 0 }, '>=1'],
    [{ logKeyArn: 'alias/logs' }, 'must be an ARN such as arn:aws:kms:'],
    [
      { vpc: { vpcId: 'vpc-1', subnetIds: ['subnet-12345678'] } },
      'must be the id of a VPC such as vpc-0123456789abcdef0',
    ],
    [{ vpc: { vpcId: 'vpc-12345678', subnetIds: [] } }, '>=1 items'],
    [{ permissionsBoundaryArn: 'boundary' }, 'must be the ARN of an IAM policy'],
    [{ tags: { 'aws:team': 'ci' } }, 'Invalid key'],
    [{ memory: 512 }, 'Unrecognized key: "memory"'],
  ])('refuse %j', (settings, message) => {
    const { success, error } = Deployment.safeParse(settings);

    expect(success).toBe(false);
    expect(error?.message).toContain(message.replaceAll('"', String.raw`\"`));
  });

  it.each([
    [{ topicArn: 'on-call' }, 'must be an ARN such as arn:aws:sns:'],
    [{ emails: ['somebody'] }, 'Invalid email address'],
    [{ queues: [{ source: 'a', queue: 'b' }] }, 'scope'],
    [{ starvedMinutes: 181 }, '<=180'],
    [{ unnamedQueues: 'no' }, 'expected one of'],
  ])('refuse %j as alarms', (settings, message) => {
    const { success, error } = Alarms.safeParse(settings);

    expect(success).toBe(false);
    expect(error?.message).toContain(message);
  });
});

describe('settings that do not fit together', () => {
  it.each([
    [
      'a run may not outlive the interval',
      deployment({ timeoutSeconds: 60 }),
      ['deployment.timeoutSeconds: a run may not outlive the interval of 1 minute; use less, or leave it out'],
    ],
    ['a shorter run is fine', deployment({ timeoutSeconds: 59 }), []],
    [
      'a loop needs its minute',
      { interval: '10 seconds', ...deployment({ timeoutSeconds: 50 }) },
      [
        'deployment.timeoutSeconds: an interval of 10 seconds loops for a whole minute; use at least 62, or leave it out',
      ],
    ],
    ['a loop may take longer', { interval: '10 seconds', ...deployment({ timeoutSeconds: 62 }) }, []],
    [
      'an unknown source',
      alarms({ queues: [{ ...queue, source: 'main' }] }),
      ['alarms.queues.0.source: there is no source named "main"; configured: "buildkite"'],
    ],
    [
      'one queue twice',
      alarms({ queues: [queue, { ...queue, starvedMinutes: 9 }] }),
      ['alarms.queues.1: queue "b" has an alarm already; remove one of the two entries'],
    ],
    ['the same queue of another cluster', alarms({ queues: [queue, { ...queue, scope: 'other' }] }), []],
    [
      'a queue that no sink publishes',
      { ...alarms({ queues: [queue] }), sinks: [{ kind: 'stdout' }] },
      [
        'alarms.queues: an alarm on a queue reads StarvedJobs, which no cloudwatch sink publishes; add such a sink, or let its "metrics" include StarvedJobs',
      ],
    ],
    [
      'a queue whose metric is left out',
      { ...alarms({ queues: [queue] }), sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['Starved*'] } }] },
      [
        'alarms.queues: an alarm on a queue reads StarvedJobs, which no cloudwatch sink publishes; add such a sink, or let its "metrics" include StarvedJobs',
      ],
    ],
    ['no queue to watch needs no such sink', { sinks: [{ kind: 'stdout' }] }, []],
    [
      'an address twice',
      alarms({ emails: ['a@example.com', 'a@example.com'] }),
      ['alarms.emails.1: "a@example.com" is listed twice; remove one'],
    ],
  ])('%s', (_, change, expected) => {
    expect(findings(change)).toEqual(expected);
  });
});
