/** The alarms of a synthesised template as CloudWatch would have them after a deployment. */
import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { arn, resolved } from '../intrinsics.ts';

const Dimensions = z
  .array(z.object({ Name: z.string(), Value: z.string() }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ Name, Value }) => [Name, Value])));

const Statistic = z.enum(['Maximum', 'Minimum', 'Sum', 'Average', 'SampleCount']);

const MetricAlarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string(),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  ComparisonOperator: z.enum([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Threshold: z.number(),
  EvaluationPeriods: z.int(),
  DatapointsToAlarm: z.int(),
  TreatMissingData: z.enum(['missing', 'ignore', 'breaching', 'notBreaching']),
  Period: z.int().optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Statistic: Statistic.optional(),
  Dimensions,
  Metrics: z
    .array(
      z.object({
        Id: z.string(),
        Expression: z.string().optional(),
        Period: z.int().optional(),
        ReturnData: z.boolean().default(true),
        MetricStat: z
          .object({
            Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions }),
            Period: z.int(),
            Stat: Statistic,
          })
          .optional(),
      }),
    )
    .default([]),
});
export type MetricAlarm = z.infer<typeof MetricAlarm> & { readonly arn: string };

/** Its criteria are strict: periods of pending or recovery would be settings that the simulation does not know. */
const PromqlAlarm = z
  .object({
    AlarmName: z.string(),
    AlarmDescription: z.string(),
    AlarmActions: z.array(z.string()).default([]),
    OKActions: z.array(z.string()).default([]),
    EvaluationInterval: z.int(),
    EvaluationCriteria: z.strictObject({ PromQLCriteria: z.strictObject({ Query: z.string() }) }),
  })
  .transform(({ EvaluationCriteria, ...alarm }) => ({ ...alarm, query: EvaluationCriteria.PromQLCriteria.Query }));
export type PromqlAlarm = z.infer<typeof PromqlAlarm> & { readonly arn: string };

const CompositeAlarm = z.object({
  AlarmName: z.string(),
  AlarmRule: z.string(),
  AlarmActions: z.array(z.string()).default([]),
  OKActions: z.array(z.string()).default([]),
  ActionsSuppressor: z.string().optional(),
  ActionsSuppressorWaitPeriod: z.int().default(0),
  ActionsSuppressorExtensionPeriod: z.int().default(0),
});
export type CompositeAlarm = z.infer<typeof CompositeAlarm> & { readonly arn: string };

export interface TemplateAlarms {
  readonly metricAlarms: readonly MetricAlarm[];
  readonly promqlAlarms: readonly PromqlAlarm[];
  readonly compositeAlarms: readonly CompositeAlarm[];
}

/** ARNs end in the logical id, as the references between the alarms do. */
export function alarmsIn(template: Template): TemplateAlarms {
  const all = resolved(template, 'AWS::CloudWatch::Alarm').map((alarm) => ({
    ...alarm,
    isPromql: 'EvaluationCriteria' in alarm.properties,
  }));
  return {
    metricAlarms: all
      .filter(({ isPromql }) => !isPromql)
      .map(({ id, properties }) => ({ ...MetricAlarm.parse(properties), arn: alarmArn(id) })),
    promqlAlarms: all
      .filter(({ isPromql }) => isPromql)
      .map(({ id, properties }) => ({ ...PromqlAlarm.parse(properties), arn: alarmArn(id) })),
    compositeAlarms: resolved(template, 'AWS::CloudWatch::CompositeAlarm').map(({ id, properties }) => ({
      ...CompositeAlarm.parse(properties),
      arn: alarmArn(id),
    })),
  };
}

/** An alarm outside the collector's own: CloudFormation names it, and what it leaves out has CloudWatch's defaults. */
export function parseMetricAlarm(id: string, properties: Record<string, unknown>): MetricAlarm {
  const { EvaluationPeriods } = properties;
  const alarm = MetricAlarm.parse({ AlarmName: id, DatapointsToAlarm: EvaluationPeriods, ...properties });
  return { ...alarm, arn: alarmArn(id) };
}

function alarmArn(id: string): string {
  return arn('cloudwatch', `alarm:${id}`);
}
