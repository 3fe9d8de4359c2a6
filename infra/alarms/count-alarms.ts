/** How many alarms a stack has, as they are charged. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Stack } from 'aws-cdk-lib/core';
import * as z from 'zod';
import type { AlarmCount } from '../../lambda/cost/lines/alarm-lines.ts';
import type { Fleet } from '../../lambda/cost/fleet.ts';

export interface FleetOfSource {
  readonly name: string;
  readonly fleet: Fleet;
}

/** What an alarm on more than one metric looks at (AWS::CloudWatch::Alarm, `Metrics`); absent where it is one. */
const Queries = z.array(z.object({ expression: z.string().optional() })).optional();

export function countAlarms(alarms: readonly cloudwatch.AlarmBase[], fleets: readonly FleetOfSource[]): AlarmCount {
  const queries = alarms.filter((alarm) => alarm instanceof cloudwatch.Alarm).map(parseQueries);
  const insights = queries.flatMap((expressions) => expressions.filter(isInsightsQuery));
  const others = queries.filter((expressions) => !expressions.some(isInsightsQuery));
  return {
    alarms: others.length,
    metrics: others.reduce((sum, expressions) => sum + Math.max(1, expressions.filter(isMetric).length), 0),
    scanned: insights.reduce((sum, query) => sum + countSeries(query, fleets), 0),
    promql: alarms.filter((alarm) => alarm instanceof cloudwatch.PromQLAlarm).length,
    composite: alarms.filter((alarm) => alarm instanceof cloudwatch.CompositeAlarm).length,
  };
}

/** Undefined for a query that names a metric. */
type Expression = string | undefined;

function parseQueries(alarm: cloudwatch.AlarmBase): readonly Expression[] {
  const resource = alarm.node.defaultChild;
  if (!(resource instanceof cloudwatch.CfnAlarm)) throw new TypeError(`${alarm.node.path} is no alarm`);
  return (Queries.parse(Stack.of(alarm).resolve(resource.metrics)) ?? []).map(({ expression }) => expression);
}

function isMetric(expression: Expression): boolean {
  return expression === undefined;
}

function isInsightsQuery(expression: Expression): expression is string {
  return expression?.startsWith('SELECT ') === true;
}

/** The series that a query finds: the queues or workflows of one source, or of all. */
function countSeries(query: string, fleets: readonly FleetOfSource[]): number {
  const source = /Source = '([^']*)'/.exec(query)?.[1];
  const isOfQueues = /GROUP BY .*\bQueue\b/.test(query);
  return fleets
    .filter(({ name }) => source === undefined || name === source)
    .reduce((sum, { fleet }) => sum + (isOfQueues ? fleet.queues : fleet.pipelines).length, 0);
}
