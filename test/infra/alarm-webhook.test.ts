import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { resolved } from './intrinsics.ts';
import { configOf, synthesise, synthesiseVariant } from './synthesis.ts';

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

/** The rule on alarms, among those on events of CI systems. */
function ruleIn(template: Template): z.infer<typeof Rule> | undefined {
  const rules = resolved(template, 'AWS::Events::Rule').map(({ properties }) => Rule.safeParse(properties));
  return rules.find(({ success }) => success)?.data;
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

  it('is told of every alarm without a choice', () => {
    const synthesis = withWebhook({});
    const all = ruleIn(synthesis.template);

    expect(all?.EventPattern.resources).toHaveLength(resolved(synthesis.template, 'AWS::CloudWatch::Alarm').length);
  });

  it('that chooses no alarm is an error that lists what there is', () => {
    expect(() => withWebhook({ alarms: { include: ['runs-stuck/*'] } })).toThrow(
      /chooses no alarm of this stack; there are: any-queue-starved, .*collector-silent/,
    );
  });

  it('is made only where it is configured', () => {
    expect(resolved(synthesiseVariant('minimal').template, 'AWS::Events::Rule')).toEqual([]);
  });
});
