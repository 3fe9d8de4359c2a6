/** Tests of the sections of the configuration that only the stack reads. */
import { describe, expect, it } from 'vitest';
import { checkDeployment } from '../../lambda/config/checks/check-deployment.ts';
import { Alarms, Deployment } from '../../lambda/config/deployment.ts';
import { configOf } from './synthesis.ts';

function findings(change: Readonly<Record<string, unknown>>): readonly string[] {
  const config = { ...configOf('minimal'), ...change };
  return checkDeployment(config).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const alarms = (settings: Readonly<Record<string, unknown>>) => ({ alarms: Alarms.parse(settings) });
const deployment = (settings: Readonly<Record<string, unknown>>) => ({ deployment: Deployment.parse(settings) });
const queue = { source: 'buildkite', scope: 'a', queue: 'b' };

const vpc = { vpcId: 'vpc-12345678', subnetIds: ['subnet-12345678'] };
const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(8, '0')}`);
const pipeline = { source: 'buildkite', scope: 'acme', pipeline: 'api' };
const counting = {
  sources: [{ kind: 'buildkite', name: 'buildkite', organization: 'acme', apiToken: { secret: 'ci/api' } }],
};
const scraping = {
  sources: [{ kind: 'prometheus', name: 'page', targets: [{ url: 'https://host/metrics' }] }],
};
const keyIn = (region: string) => `arn:aws:kms:${region}:111122223333:key/11111111-2222-3333-4444-555555555555`;

const pager = (secret: string) => ({ kind: 'pagerduty', routingKey: { secret } });
const secretIn = (region: string) => `arn:aws:secretsmanager:${region}:111122223333:secret:pager-AbCdEf`;

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
      fleet: { scopes: 1, queues: 10, pipelines: 10, runsAnHour: 2, jobsOfARun: 3, labelValues: 3 },
      tags: {},
    });
    expect(Alarms.parse({})).toEqual({
      emails: [],
      notify: [],
      mute: [],
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
    [{ tags: { 'AWS:team': 'ci' } }, 'Invalid key'],
    [{ tags: { team: 'ci#1' } }, 'must be a tag value of AWS'],
    [{ tags: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${String(index)}`, ''])) }, 'at most 50'],
    [{ vpc: { vpcId: 'vpc-12345678', subnetIds: ['subnet-12345678', 'subnet-12345678'] } }, 'names a subnet twice'],
    [{ vpc: { ...vpc, securityGroupIds: ids('sg', 6) } }, '<=5 items'],
    [{ vpc: { ...vpc, subnetIds: ids('subnet', 17) } }, '<=16 items'],
    [{ logKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/alias' }, 'must be an ARN such as arn:aws:kms:'],
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
    [{ webhook: { url: 'https://example.com/', token: { secret: 'a:b' } } }, 'must be the name or ARN of a secret'],
    [{ webhook: { url: 'https://example.com/', token: { secret: 'a', key: 'b:c' } } }, 'no blank, colon or brace'],
    [{ notify: [{ kind: 'pager' }] }, 'Invalid discriminator value'],
    [{ notify: [{ kind: 'slack', workspace: 'T1', channel: '#alarms' }] }, 'C01ABCDEF23, not its name'],
    [{ notify: [{ kind: 'teams', tenant: 'x', team: 'x', channel: 'general' }] }, 'the id in the link of the channel'],
    [{ notify: [{ kind: 'pagerduty', routingKey: { env: 'KEY' } }] }, 'Unrecognized key'],
    [{ notify: [{ kind: 'pagerduty', routingKey: { secret: 'a' }, severity: 'high' }] }, 'expected one of'],
    [{ mute: [{ cron: '0 20 * *', durationMinutes: 60 }] }, 'must have five fields'],
    [{ mute: [{ cron: '0 20 * * *', durationMinutes: 60, timeZone: 'Berlin' }] }, 'must be a time zone of IANA'],
    [{ mute: [{ cron: '0 20 * * *', durationMinutes: 21_601 }] }, '<=21600'],
    [{ runbookUrl: 'https://example.com/a#b' }, 'must have no #'],
    [{ webhook: { url: 'https://example.com/#a', token: { secret: 'a' } } }, 'which is what EventBridge takes'],
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
      'a name that is too long for an alarm once it is percent-encoded',
      alarms({ queues: [{ ...queue, queue: 'ü'.repeat(43) }] }),
      [
        'alarms.queues.0.queue: has 258 characters in CloudWatch, where what is not ASCII is percent-encoded, and an alarm reads 255; leave the alarm out: the alarm on all queues watches it',
      ],
    ],
    ['a name that is just short enough', alarms({ queues: [{ ...queue, queue: 'ü'.repeat(42) }] }), []],
    [
      'a dimension of the sink that is too long for an alarm',
      { ...alarms({ queues: [queue] }), sinks: [{ kind: 'cloudwatch', dimensions: { Team: 'x'.repeat(256) } }] },
      [
        'alarms.queues: an alarm reads 255 characters of a dimension, and "Team" of the cloudwatch sink has 256; shorten that value, or leave the alarms out',
      ],
    ],
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
    [
      'a queue of a source that has none',
      { ...alarms({ queues: [{ ...queue, source: 'page' }] }), ...scraping },
      ['alarms.queues.0.source: source "page" tells of no queues; remove the alarm'],
    ],
    [
      'a name that nothing is published under',
      alarms({ queues: [{ ...queue, queue: ' b' }] }),
      ['alarms.queues.0.queue: no queue is published under this name; it would be "b"'],
    ],
    [
      'a longest wait that no sink publishes',
      {
        ...alarms({ queues: [{ ...queue, oldestWaitMinutes: 5 }] }),
        sinks: [{ kind: 'cloudwatch', metrics: { include: ['StarvedJobs'] } }],
      },
      [
        'alarms.queues: an alarm on a queue reads OldestQueuedJobAge, which no cloudwatch sink publishes; add such a sink, or let its "metrics" include OldestQueuedJobAge',
      ],
    ],
    ['a pipeline whose runs are counted', { ...alarms({ pipelines: [pipeline] }), ...counting }, []],
    [
      'a pipeline of an unknown source',
      alarms({ pipelines: [{ ...pipeline, source: 'main' }] }),
      ['alarms.pipelines.0.source: there is no source named "main"; configured: "buildkite"'],
    ],
    [
      'a pipeline whose runs nobody counts',
      alarms({ pipelines: [pipeline] }),
      ['alarms.pipelines.0.source: source "buildkite" counts no runs of pipelines; remove the alarm'],
    ],
    [
      'one pipeline twice',
      { ...alarms({ pipelines: [pipeline, pipeline] }), ...counting },
      ['alarms.pipelines.1: pipeline "api" has an alarm already; remove one of the two entries'],
    ],
    [
      'a pipeline whose runs are left out',
      {
        ...alarms({ pipelines: [pipeline] }),
        ...counting,
        sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['TimedOutRuns'] } }],
      },
      [
        'alarms.pipelines: an alarm on a pipeline reads TimedOutRuns, which no cloudwatch sink publishes; add such a sink, or let its "metrics" include TimedOutRuns',
      ],
    ],
    [
      'a credential whose end nobody tells',
      alarms({ tokens: [{ source: 'buildkite', expiringHours: 1 }] }),
      [
        'alarms.tokens.0.source: names "buildkite", which does not tell when its credential ends; no configured source does',
      ],
    ],
    [
      'keys in two Regions',
      deployment({ logKeyArn: keyIn('eu-west-1'), queueKeyArn: keyIn('us-east-1') }),
      [
        'deployment.queueKeyArn: lies in us-east-1 and deployment.logKeyArn in eu-west-1; both have to be in the Region of the stack',
      ],
    ],
    ['keys in one', deployment({ logKeyArn: keyIn('eu-west-1'), queueKeyArn: keyIn('eu-west-1') }), []],
    [
      'tags that IAM takes for one',
      deployment({ tags: { team: 'ci', Team: 'ci' } }),
      ['deployment.tags.Team: is "team" to IAM, which knows no case; remove one'],
    ],
    [
      'what CloudFormation would look up',
      alarms({ queues: [{ ...queue, queue: '{{resolve:ssm:x}}' }] }),
      ['alarms.queues.0.queue: has {{resolve:…}}, which CloudFormation would look up; write it without'],
    ],
    ['no queue to watch needs no such sink', { sinks: [{ kind: 'stdout' }] }, []],
    [
      'an address twice',
      alarms({ emails: ['a@example.com', 'a@example.com'] }),
      ['alarms.emails.1: "a@example.com" is listed twice; remove one'],
    ],
    [
      'an address in both settings',
      alarms({ emails: ['a@example.com'], notify: [{ kind: 'email', address: 'a@example.com' }] }),
      ['alarms.notify.0.address: "a@example.com" is listed twice; remove one'],
    ],
    [
      'two receivers of one name',
      alarms({ notify: [pager('a'), pager('b'), { ...pager('c'), name: 'second' }] }),
      ['alarms.notify.1: "pagerduty" is the name of another receiver; give this one a "name" of its own'],
    ],
    [
      'a secret of a receiver in another Region',
      { ...alarms({ notify: [pager(secretIn('eu-west-1'))] }), ...deployment({ logKeyArn: keyIn('us-east-1') }) },
      [
        'deployment.logKeyArn: lies in us-east-1 and alarms.notify.0.routingKey.secret in eu-west-1; both have to be in the Region of the stack',
      ],
    ],
  ])('%s', (_, change, expected) => {
    expect(findings(change)).toEqual(expected);
  });
});
