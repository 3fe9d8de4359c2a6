/** Tests of groups and services that follow a queue: their alarms, policies and rights, and what is refused. */
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Duration, type Stack, Token } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import type { CiMetricsCollector } from '../../../infra/ci-metrics-collector.ts';
import type { CollectorConfig } from '../../../lambda/config/schema.ts';
import { expectGolden } from '../../support/golden.ts';
import { createGroup, createScaledStack, createService, findCluster, queue } from './scaled-stack.ts';

const isProtected = { newInstancesProtectedFromScaleIn: true };

/** What scaling adds to the stack, without the collector and the agents' own resources. */
function scalingIn(template: Template): Readonly<Record<string, unknown>> {
  const kinds =
    /^AWS::(CloudWatch::Alarm|AutoScaling::(ScalingPolicy|LifecycleHook)|ApplicationAutoScaling::|IAM::Policy)/;
  const all = template.toJSON()['Resources'] as Readonly<Record<string, { readonly Type: string }>>;
  return Object.fromEntries(
    Object.entries(all).filter(([id, { Type }]) => !id.startsWith('Collector') && kinds.test(Type)),
  );
}

describe('a stack whose agents follow queues', () => {
  const { stack, collector } = createScaledStack({ interval: '10 seconds' });
  collector.scaleAutoScalingGroup(createGroup(stack, 'Protected', isProtected), queue, { agentsPerInstance: 2 });
  const drained = createGroup(stack, 'Drained', { maxCapacity: 45 });
  const options = { agentsPerInstance: 2, longestJob: Duration.hours(6), resolution: Duration.seconds(10) };
  collector.scaleAutoScalingGroup(drained, { ...queue, queue: 'deploy' }, options);
  const service = createService(stack, 'Service');
  collector.scaleEcsService(service, { ...queue, queue: 'small' }, { minCapacity: 1, maxCapacity: 5 });
  const template = Template.fromStack(stack);

  it('has the alarms, policies and rights that were reviewed', async () => {
    const text = `${JSON.stringify(scalingIn(template), undefined, 2)}\n`;
    await expectGolden('infra/scaling/agents.json', text);
  });

  it('keeps its capacity without data: no alarm of a queue fills anything in', () => {
    const alarms = template.findResources('AWS::CloudWatch::Alarm', {
      Properties: { AlarmDescription: Match.stringLikeRegexp('It sets the capacity') },
    });

    expect(Object.keys(alarms)).toHaveLength(3 + 4 + 2);
    for (const alarm of Object.values(alarms)) {
      expect(alarm).toMatchObject({ Properties: { TreatMissingData: 'missing' } });
      expect(JSON.stringify(alarm)).not.toContain('FILL');
      expect(alarm).not.toHaveProperty('Properties.InsufficientDataActions');
    }
  });
});

/** Scales one group of a stack. */
function scale(
  options: Parameters<CiMetricsCollector['scaleAutoScalingGroup']>[2] = {},
  group: Parameters<typeof createGroup>[2] = isProtected,
  change: Partial<CollectorConfig> = {},
): Stack {
  const { stack, collector } = createScaledStack(change);
  collector.scaleAutoScalingGroup(createGroup(stack, 'Group', group), queue, options);
  return stack;
}

function scaleTasks(
  options: Parameters<CiMetricsCollector['scaleEcsService']>[2],
  service: Parameters<typeof createService>[2] = {},
): void {
  const { stack, collector } = createScaledStack();
  collector.scaleEcsService(createService(stack, 'Service', service), queue, options);
}

const weighted = {
  mixedInstancesPolicy: {
    launchTemplate: ec2.LaunchTemplate.fromLaunchTemplateAttributes(createScaledStack().stack, 'Template', {
      launchTemplateId: 'lt-0123456789abcdef0',
      versionNumber: '1',
    }),
    launchTemplateOverrides: [{ instanceType: new ec2.InstanceType('m7i.large'), weightedCapacity: 2 }],
  },
};

describe('scaling refuses', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'a group that would end busy agents',
      () => scale({}, {}),
      /would end busy agents: set newInstancesProtected.* or give longestJob/,
    ],
    [
      'two ways at once',
      () => scale({ longestJob: Duration.hours(1) }),
      /a protected instance is never drained; leave one out/,
    ],
    [
      'jobs that no hook waits for',
      () => scale({ longestJob: Duration.hours(49) }, {}),
      /30 seconds to 48 hours.*not 2 days.*protect/,
    ],
    ['jobs of no time', () => scale({ longestJob: Duration.seconds(29) }, {}), /30 seconds to 48 hours/],
    [
      'a part of an agent',
      () => scale({ agentsPerInstance: 0.5 }),
      /agentsPerInstance must be a whole number from 1, not 0\.5/,
    ],
    ['no agent', () => scale({ agentsPerInstance: 0 }), /whole number from 1, not 0/],
    [
      'a desired capacity',
      () => scale({}, { ...isProtected, desiredCapacity: 3 }),
      /each deployment would set it back; leave it out/,
    ],
    [
      'sizes that are not known',
      () => scale({}, { ...isProtected, maxCapacity: Token.asNumber({ Ref: 'Max' }) }),
      /not known yet/,
    ],
    ['nothing to scale', () => scale({}, { ...isProtected, minCapacity: 30 }), /has 30 to 30 instances/],
    [
      'fine periods of coarse figures',
      () => scale({ resolution: Duration.seconds(10) }),
      /set interval: 10 seconds .*not 1 minute/,
    ],
    [
      'fine periods of a sink that stores a point a minute',
      () =>
        scale({ resolution: Duration.seconds(10) }, isProtected, {
          interval: '10 seconds',
          sinks: [{ kind: 'cloudwatch', resolution: 'standard' }],
        }),
      /leave out "resolution: standard" of the cloudwatch sink/,
    ],
    ['other fine periods', () => scale({ resolution: Duration.seconds(20) }), /10, 30 or 60 seconds, not 20/],
    ['long periods', () => scale({ resolution: Duration.minutes(5) }), /10, 30 or 60 seconds, not 300/],
    [
      'metrics of another Region',
      () => scale({}, isProtected, { sinks: [{ kind: 'cloudwatch', region: 'us-east-1' }] }),
      /no cloudwatch sink writes to the Region of the stack/,
    ],
    ['no CloudWatch', () => scale({}, isProtected, { sinks: [{ kind: 'stdout' }] }), /needs a sink of kind cloudwatch/],
    [
      'no tasks',
      () => {
        scaleTasks({ maxCapacity: 0 });
      },
      /the second above the first, not 0 and 0/,
    ],
    [
      'a part of a task',
      () => {
        scaleTasks({ maxCapacity: 2.5 });
      },
      /whole numbers/,
    ],
    [
      'a desired count',
      () => {
        scaleTasks({ maxCapacity: 2 }, { desiredCount: 1 });
      },
      /each deployment would set it back; leave it out/,
    ],
    ['weighted instances', scaleWeighted, /weighted capacities/],
  ])('%s, with the remedy', (_, make, message) => {
    expect(make).toThrow(message);
  });

  function scaleWeighted(): void {
    const { stack, collector } = createScaledStack();
    const { vpc } = findCluster(stack, 'Cluster');
    const group = new autoscaling.AutoScalingGroup(stack, 'Group', {
      vpc,
      maxCapacity: 3,
      ...isProtected,
      ...weighted,
    });
    collector.scaleAutoScalingGroup(group, queue);
  }

  it('a queue whose organization nothing tells', () => {
    const { stack, collector } = createScaledStack();
    const { source, scope, queue: name } = queue;

    expect(() => {
      collector.scaleAutoScalingGroup(createGroup(stack, 'Group', isProtected), { source, scope, queue: name });
    }).toThrow(/dimension Org, which nothing tells; give the queue its "organization"/);
  });

  it('a second group for a queue, and a second queue or policy for a group', () => {
    const { stack, collector } = createScaledStack();
    const group = createGroup(stack, 'First', isProtected);
    const other = createGroup(stack, 'Second', isProtected);
    const service = createService(stack, 'Service');
    collector.scaleAutoScalingGroup(group, queue);
    collector.scaleEcsService(service, { ...queue, queue: 'small' }, { maxCapacity: 2 });
    other.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 50 });

    expect(() => {
      collector.scaleAutoScalingGroup(group, { ...queue, queue: 'b' });
    }).toThrow(/serves a queue already/);
    expect(() => {
      collector.scaleAutoScalingGroup(other, { ...queue, queue: 'b' });
    }).toThrow(/a scaling policy of its own/);
    expect(() => {
      collector.scaleAutoScalingGroup(createGroup(stack, 'Third', isProtected), queue);
    }).toThrow(/queue "default" of buildkite is served by agents\/First already/);
    expect(() => {
      collector.scaleEcsService(service, { ...queue, queue: 'c' }, { maxCapacity: 2 });
    }).toThrow(/is scaled already/);
  });

  it('a group in another Region than the collector, and a service that runs everywhere', () => {
    const { stack, addStack, collector } = createScaledStack(
      {},
      { env: { region: 'eu-west-1', account: '111122223333' } },
    );
    const abroad = createGroup(addStack('abroad', { env: { region: 'us-east-1' } }), 'Group', isProtected);
    const cluster = findCluster(stack, 'Cluster');
    const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'Task');
    taskDefinition.addContainer('Agent', { image: ecs.ContainerImage.fromRegistry('agent'), memoryLimitMiB: 64 });
    const daemon = new ecs.Ec2Service(stack, 'Daemon', { cluster, taskDefinition, daemon: true });

    expect(() => {
      collector.scaleAutoScalingGroup(abroad, queue);
    }).toThrow(
      /the collector is in Region eu-west-1 of account 111122223333 and abroad\/Group in Region us-east-1 of account unknown/,
    );
    expect(() => {
      collector.scaleEcsService(daemon, queue, { maxCapacity: 2 });
    }).toThrow(/has no count; scale the group/);
  });
});

/** Texts of everything that the synthesis would tell of a stack. */
function messagesOf(stack: Stack): readonly string[] {
  return stack.node.findAll().flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
}

describe('scaling', () => {
  it('warns of instances whose role it does not know, and says what they call', () => {
    const { stack, collector } = createScaledStack();
    const { vpc } = findCluster(stack, 'Cluster');
    const { launchTemplate } = weighted.mixedInstancesPolicy;
    const group = new autoscaling.AutoScalingGroup(stack, 'Group', {
      vpc,
      launchTemplate,
      maxCapacity: 3,
      minCapacity: 0,
    });
    collector.scaleAutoScalingGroup(group, queue, { longestJob: Duration.hours(1) });

    expect(messagesOf(stack)).toContainEqual(
      expect.stringMatching(/allow it autoscaling:CompleteLifecycleAction, autoscaling:RecordLifecycleActionHeartbeat/),
    );
  });

  it('warns of a collector that runs seldom', () => {
    const stack = scale({}, isProtected, { interval: '5 minutes' });

    expect(messagesOf(stack)).toContainEqual(
      expect.stringMatching(/may wait 11 minutes .* runs every 5; set interval: 1 minute/),
    );
  });

  it('takes the neutral metrics where Buildkite’s own are not published', () => {
    const template = Template.fromStack(
      scale({}, isProtected, {
        sinks: [{ kind: 'cloudwatch', metrics: { exclude: ['ScheduledJobsCount', 'RunningJobsCount'] } }],
      }),
    );

    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 0.5,
      Metrics: Match.arrayWith([
        Match.objectLike({
          Id: 'queued',
          MetricStat: Match.objectLike({ Metric: Match.objectLike({ MetricName: 'QueuedJobs' }) }),
        }),
      ]),
    });
  });
});
