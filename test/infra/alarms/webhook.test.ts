/** Tests of sending alarms to an HTTP receiver: which alarms, which message, and which secret. */
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { resolved } from '../intrinsics.ts';
import { alarmsIn } from '../simulation/template-alarms.ts';
import { configOf, synthesise, synthesiseVariant } from '../synthesis.ts';

const Rule = z.object({
  EventPattern: z.object({
    source: z.array(z.string()),
    'detail-type': z.array(z.string()),
    resources: z.array(z.string()),
  }),
  Targets: z.array(
    z.object({
      Arn: z.string(),
      RoleArn: z.string(),
      InputTransformer: z.object({ InputPathsMap: z.record(z.string(), z.string()), InputTemplate: z.string() }),
      DeadLetterConfig: z.object({ Arn: z.string() }),
      RetryPolicy: z.object({ MaximumEventAgeInSeconds: z.int() }),
    }),
  ),
});

/** The rule on alarms, among those on events of CI systems and the one on contributors. */
function ruleIn(template: Template, detailType = 'CloudWatch Alarm State Change'): z.infer<typeof Rule> | undefined {
  const rules = resolved(template, 'AWS::Events::Rule').map(({ properties }) => Rule.safeParse(properties));
  return rules.find(({ data }) => data?.EventPattern['detail-type'].includes(detailType) === true)?.data;
}

/** As EventBridge sends it (CloudWatch user guide, "Alarm events and EventBridge", multi time series alarm). */
const contributorEvent = {
  region: 'eu-west-1',
  account: '111122223333',
  detail: {
    alarmName: 'everything/any-queue-starved/main',
    alarmContributor: {
      id: '6d442278dba546f6',
      attributes: { Source: 'main', Scope: 'production', Queue: 'default' },
    },
    state: { value: 'ALARM', reason: 'Threshold Crossed', timestamp: '2026-03-01T03:12:45.123+0000' },
  },
};

/** An input transformer at work: texts come in quotes, objects as they are. */
function filled(
  transformer: z.infer<typeof Rule>['Targets'][number]['InputTransformer'] | undefined,
  event: unknown,
): string {
  const { InputPathsMap = {}, InputTemplate = '' } = transformer ?? {};
  return Object.entries(InputPathsMap).reduce((text, [name, path]) => {
    const value = path
      .split('.')
      .slice(1)
      .reduce<unknown>((inside, key) => z.record(z.string(), z.unknown()).parse(inside)[key], event);
    return text.replaceAll(`<${name}>`, JSON.stringify(value));
  }, InputTemplate);
}

function withWebhook(alarms: object): ReturnType<typeof synthesise> {
  const config = configOf('minimal');
  const webhook = { url: 'https://events.example.com/', header: 'X-Token', token: { secret: 'receiver' }, ...alarms };
  return synthesise({ ...config, alarms: { ...config.alarms, webhook } });
}

describe('a receiver of alarms', () => {
  const { template } = synthesiseVariant('everything');
  const rule = ruleIn(template);

  it('is told of the chosen alarms and of no other', () => {
    expect(rule?.EventPattern).toMatchObject({
      source: ['aws.cloudwatch'],
      'detail-type': ['CloudWatch Alarm State Change'],
    });
    expect(rule?.EventPattern.resources.length).toBeGreaterThan(1);
    expect(rule?.EventPattern.resources.filter((arn) => !arn.includes('queue'))).toEqual([]);
  });

  it('gets a flat message with the alarm, its state and the reason', () => {
    const [target] = rule?.Targets ?? [];
    const { InputPathsMap = {}, InputTemplate = '' } = target?.InputTransformer ?? {};

    expect(Object.values(InputPathsMap)).toEqual(
      expect.arrayContaining(['$.detail.alarmName', '$.detail.state.value', '$.detail.state.reason']),
    );
    expect(InputTemplate).toContain('"alarm":');
  });

  it('is not told of what is too old, which goes to the dead letters', () => {
    const [target] = rule?.Targets ?? [];

    expect(target?.RetryPolicy.MaximumEventAgeInSeconds).toBe(900);
    expect(target?.DeadLetterConfig.Arn).toContain(':sqs:');
  });

  it('gets its token from a reference that CloudFormation resolves', () => {
    const [connection] = resolved(template, 'AWS::Events::Connection');

    expect(connection?.properties['AuthParameters']).toEqual({
      ApiKeyAuthParameters: {
        ApiKeyName: 'X-Ci-Metrics-Token',
        ApiKeyValue: '{{resolve:secretsmanager:ci-metrics/alarm-receiver:SecretString:token::}}',
      },
    });
  });

  it('is told of each queue behind an alarm over all queues, with its name', () => {
    const contributors = ruleIn(withWebhook({}).template, 'CloudWatch Alarm Contributor State Change');
    const [target] = contributors?.Targets ?? [];

    expect(contributors?.EventPattern.resources.length).toBeGreaterThan(0);
    expect(contributors?.EventPattern.resources.filter((arn) => !arn.includes('anyqueue'))).toEqual([]);
    expect(Object.values(target?.InputTransformer.InputPathsMap ?? {})).toEqual(
      expect.arrayContaining(['$.detail.alarmName', '$.detail.state.value', '$.detail.alarmContributor.attributes']),
    );
    // The attributes are an object: in quotes the message would be no JSON.
    const json = filled(target?.InputTransformer, contributorEvent);
    expect(JSON.parse(json)).toEqual({
      alarm: 'everything/any-queue-starved/main',
      state: 'ALARM',
      contributor: { Source: 'main', Scope: 'production', Queue: 'default' },
      reason: 'Threshold Crossed',
      changedAt: '2026-03-01T03:12:45.123+0000',
      region: 'eu-west-1',
      account: '111122223333',
    });
  });

  it('is told of no queue where it chooses none of these alarms', () => {
    const { template: own } = withWebhook({ alarms: { include: ['collector-down'] } });

    expect(ruleIn(own)?.EventPattern.resources).toHaveLength(1);
    expect(ruleIn(own, 'CloudWatch Alarm Contributor State Change')).toBeUndefined();
  });

  it('has an alarm on what it did not take', () => {
    const alarms = resolved(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);

    expect(alarms.find(({ AlarmName }) => AlarmName === 'everything/alarm-webhook-undelivered')).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it.each([[{}], [{ alarms: { exclude: ['token-*'] } }]])(
    'is told of what tells people, without a choice: %j',
    (choice) => {
      const synthesis = withWebhook(choice);
      const { metricAlarms, compositeAlarms } = alarmsIn(synthesis.template);

      const mailed = [...metricAlarms, ...compositeAlarms].filter(({ AlarmActions }) => AlarmActions.length > 0);
      // The alarm on messages that could not be delivered cannot be delivered either.
      const others = mailed.filter(({ AlarmName }) => !AlarmName.endsWith('/alarm-webhook-undelivered'));
      expect(ruleIn(synthesis.template)?.EventPattern.resources.toSorted()).toEqual(
        others.map(({ arn }) => arn).sort(),
      );
      expect(others.map(({ AlarmName }) => AlarmName)).toContain('ci-metrics/collector-down');
      expect(others.length).toBeLessThan(metricAlarms.length);
    },
  );

  it('is told of parts that it chooses by name', () => {
    const { template: own } = withWebhook({ alarms: { include: ['collector-*'], exclude: ['collector-down'] } });

    expect(ruleIn(own)?.EventPattern.resources).toHaveLength(2);
  });

  it('is told of queues alone where it leaves the alarms on them as a whole out', () => {
    const { template: own } = withWebhook({
      alarms: { exclude: ['*-stuck/*', '*-down*', '*-expiring/*', 'function-*', 'looks-*'] },
    });

    expect(ruleIn(own)).toBeUndefined();
    expect(ruleIn(own, 'CloudWatch Alarm Contributor State Change')?.EventPattern.resources).not.toEqual([]);
  });

  it('that chooses no alarm is an error that lists what there is', () => {
    expect(() => withWebhook({ alarms: { include: ['runs-stuck/*'] } })).toThrow(
      /chooses no alarm of this stack; there are: any-queue-starved\/buildkite, .*collector-silent/,
    );
  });

  it('is made only where it is configured', () => {
    expect(resolved(synthesiseVariant('minimal').template, 'AWS::Events::Rule')).toEqual([]);
  });
});
