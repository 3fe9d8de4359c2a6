/** Tests of whole templates: golden files, cdk-nag, and settings that every stack must have. */
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { expectGolden } from '../support/golden.ts';
import { resolve, resolved, resourcesOf } from './intrinsics.ts';
import { configOf, synthesise, synthesiseVariant, variants } from './synthesis.ts';

describe.each(variants)('the template of %s', (variant) => {
  const { template, report } = synthesiseVariant(variant);

  it('is the one that was reviewed', async () => {
    await expectGolden(`infra/${variant}/template.json`, `${JSON.stringify(template.toJSON(), undefined, 2)}\n`);
  });

  it('passes the CDK validation and cdk-nag without a finding', () => {
    const findings = report.pluginReports.flatMap(({ violations }) => violations);
    // That OpsGenie ends is to be seen at every synthesis.
    const isMeant = ({ ruleName }: (typeof findings)[number]): boolean =>
      ruleName === 'Annotation::ci-metrics:opsgenie';

    expect(findings.filter((finding) => !isMeant(finding))).toEqual([]);
    expect(findings.some(isMeant)).toBe(variant === 'notified');
  });

  it('has no acknowledgement without its finding, and a reason for each', () => {
    const used = report.pluginReports.flatMap(({ suppressedViolations }) => suppressedViolations);
    const usedAt = new Set(used.map(({ acknowledgedId, acknowledgedAt }) => `${acknowledgedId} at ${acknowledgedAt}`));

    const all = acknowledgementsIn(synthesiseVariant(variant).stack);

    expect(all.length).toBeGreaterThan(0);
    expect(all.filter(({ text }) => !usedAt.has(text))).toEqual([]);
    expect(all.filter(({ reason }) => reason.length < 15)).toEqual([]);
  });

  it('gives failed runs to the dead-letter queue and never repeats a run', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      Target: { RetryPolicy: { MaximumRetryAttempts: 0 }, DeadLetterConfig: Match.anyValue() },
    });
  });

  it('encrypts at rest what it keeps, and keeps events for twelve hours at most', () => {
    const queues = resolved(template, 'AWS::SQS::Queue');
    const open = queues.filter(
      ({ properties }) => properties['SqsManagedSseEnabled'] !== true && properties['KmsMasterKeyId'] === undefined,
    );
    const tables = resolved(template, 'AWS::DynamoDB::Table');
    // Runs that failed wait three days for a person; every other queue holds events.
    const isOfEvents = ({ id }: { readonly id: string }): boolean =>
      !/^Collector(DeadLetters|NotifyUndelivered)/.test(id);
    const keptFor = queues.filter(isOfEvents).map(({ properties }) => Number(properties['MessageRetentionPeriod']));

    expect(queues.length).toBeGreaterThan(0);
    expect(open).toEqual([]);
    for (const { properties } of tables) expect(properties['SSESpecification']).toMatchObject({ SSEEnabled: true });
    expect(keptFor.filter((seconds) => !(seconds <= 12 * 3600))).toEqual([]);
    if (variant === 'everything') expect([keptFor.length, tables.length]).toEqual([1, 1]);
  });

  it('holds no secret value and generates none', () => {
    // A connection of EventBridge has to be given its token; the reference is resolved inside CloudFormation.
    const resources = Object.values(resourcesOf(template));
    const text = JSON.stringify(resources.filter(({ Type }) => Type !== 'AWS::Events::Connection'));

    expect(text).not.toContain('GenerateSecretString');
    expect(text).not.toContain('"SecretString"');
    expect(text).not.toContain('resolve:secretsmanager');
  });
});

interface Acknowledgement {
  readonly text: string;
  readonly reason: string;
}

function acknowledgementsIn(stack: ReturnType<typeof synthesise>['stack']): readonly Acknowledgement[] {
  return stack.node.findAll().flatMap((construct) =>
    construct.node.metadata
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({ text: `${id} at ${construct.node.path}`, reason })),
  );
}

describe('the function', () => {
  it('runs on Node 24 for Arm with JSON logs in a log group that ends', () => {
    const { template } = synthesiseVariant('minimal');

    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 50,
      Environment: {
        Variables: { NODE_OPTIONS: '--max-old-space-size=320 --max-semi-space-size=8', MALLOC_ARENA_MAX: '1' },
      },
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN' },
    });
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  it('reserves no concurrency unless asked, because small accounts refuse it', () => {
    synthesiseVariant('minimal').template.hasResourceProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: Match.absent(),
    });
    synthesiseVariant('everything').template.hasResourceProperties('AWS::Lambda::Function', {
      ReservedConcurrentExecutions: 2,
    });
  });

  it.each([
    ['1 minute', 50, 60, 'rate(1 minute)'],
    ['2 minutes', 110, 120, 'rate(2 minutes)'],
    ['5 minutes', 290, 300, 'rate(5 minutes)'],
    ['60 minutes', 300, 3600, 'rate(1 hour)'],
    ['1 hour', 300, 3600, 'rate(1 hour)'],
    ['10 seconds', 65, 60, 'rate(1 minute)'],
  ])(
    'at an interval of %s stops after %i s, forgets events after %i s and is started at %s',
    (interval, timeout, maxAge, rate) => {
      const { template } = synthesise({ ...configOf('minimal'), interval });

      template.hasResourceProperties('AWS::Lambda::Function', { Timeout: timeout });
      template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumEventAgeInSeconds: maxAge });
      template.hasResourceProperties('AWS::Scheduler::Schedule', {
        ScheduleExpression: rate,
        Target: { RetryPolicy: { MaximumEventAgeInSeconds: maxAge } },
      });
    },
  );

  it('lets only debug lines decide the level in Lambda, which would drop embedded metrics', () => {
    const config = configOf('minimal');

    const quiet = synthesise({ ...config, logLevel: 'error' });

    quiet.template.hasResourceProperties('AWS::Lambda::Function', { LoggingConfig: { ApplicationLogLevel: 'INFO' } });
    synthesiseVariant('vpc').template.hasResourceProperties('AWS::Lambda::Function', {
      LoggingConfig: { ApplicationLogLevel: 'DEBUG' },
    });
  });

  it('runs in the named subnets and groups', () => {
    synthesiseVariant('vpc').template.hasResourceProperties('AWS::Lambda::Function', {
      VpcConfig: {
        SubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
        SecurityGroupIds: ['sg-0123456789abcdef0'],
      },
    });
  });
});

describe('the schedule', () => {
  it('hands over the scheduled time, which the run stamps its figures with', () => {
    const [schedule] = resolved(synthesiseVariant('minimal').template, 'AWS::Scheduler::Schedule');

    expect(schedule?.properties).toMatchObject({
      State: 'ENABLED',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Input: JSON.stringify({
          scheduledTime: '<aws.scheduler.scheduled-time>',
          executionId: '<aws.scheduler.execution-id>',
          attemptNumber: '<aws.scheduler.attempt-number>',
        }),
      },
    });
  });

  it('can be deployed switched off', () => {
    synthesiseVariant('vpc').template.hasResourceProperties('AWS::Scheduler::Schedule', { State: 'DISABLED' });
  });

  it('has a group of its own that goes with the stack, because its name is fixed', () => {
    synthesiseVariant('minimal').template.hasResource('AWS::Scheduler::ScheduleGroup', { DeletionPolicy: 'Delete' });
  });
});

describe('secrets', () => {
  it('are created empty, stay when the stack goes but not when the first deployment fails, and the output says how to fill them', () => {
    const { template } = synthesiseVariant('everything');

    template.hasResource('AWS::SecretsManager::Secret', {
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { Name: 'ci-metrics/buildkite', SecretString: Match.absent(), GenerateSecretString: Match.absent() },
    });
    const outputs = resolve(template.findOutputs('*'), template);
    expect(outputs).toMatchObject({
      FillSecret1: {
        Value: `aws secretsmanager put-secret-value --region eu-west-1 --secret-id ci-metrics/buildkite --secret-string '{"first":"<first>","second":"<second>","api":"<api>"}'`,
      },
      FillSecret2: {
        Value: `aws secretsmanager put-secret-value --region eu-west-1 --secret-id ci-metrics/other --secret-string '<value>'`,
      },
    });
  });

  it('that exist are neither created nor offered to be filled', () => {
    const { template } = synthesiseVariant('imported-secrets');

    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
    expect(Object.keys(template.findOutputs('*')).filter((name) => name.startsWith('FillSecret'))).toEqual([]);
  });

  it.each([[{ env: 'TOKEN' }], [{ file: '/token' }]])('in %j fail the synthesis with a remedy', (ref) => {
    const config = { ...configOf('minimal'), sources: [{ kind: 'buildkite', agentTokens: [ref] }] };

    expect(() => synthesise(config)).toThrow(/cannot be read in AWS Lambda; put the value into Secrets Manager/);
  });
});

describe('an emulated AWS', () => {
  it('gets no alarm that it refuses, and a function that it can serve', () => {
    const { template } = synthesiseVariant('emulator');

    template.resourceCountIs('AWS::CloudWatch::CompositeAlarm', 0);
    expect(resolved(template, 'AWS::CloudWatch::Alarm').filter(({ properties }) => 'Metrics' in properties)).toEqual(
      [],
    );
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          AWS_DISABLE_REQUEST_COMPRESSION: 'true',
          COLLECTOR_LOOPBACK: 'allow',
          AWS_ENDPOINT_URL_CLOUDWATCH: 'http://127.0.0.1:4599',
        },
      },
    });
  });

  it('leaves no trace in a stack for AWS', () => {
    const text = JSON.stringify(synthesiseVariant('minimal').template.toJSON());

    expect(text).not.toContain('COLLECTOR_LOOPBACK');
    expect(text).not.toContain('AWS_ENDPOINT_URL');
  });
});
