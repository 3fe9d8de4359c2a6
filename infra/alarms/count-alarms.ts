/** How many alarms a stack has, as they are charged. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmCount } from '../../lambda/cost/lines/alarm-lines.ts';
import type { Fleet } from '../../lambda/cost/fleet.ts';
import { type AlarmPlan, type Contributors, isPromql } from './alarm-plan.ts';
import type { CompositePlan } from './composite-alarm.ts';

/** What the alarms of a stack are made from. */
export interface AlarmPlans {
  readonly plans: readonly AlarmPlan[];
  readonly composites: readonly CompositePlan[];
}

export interface FleetOfSource {
  readonly name: string;
  readonly fleet: Fleet;
}

export function countAlarms({ plans, composites }: AlarmPlans, fleets: readonly FleetOfSource[]): AlarmCount {
  const onMetrics = plans.filter(({ metric }) => !isPromql(metric));
  const others = onMetrics.filter(({ contributors }) => contributors === undefined);
  return {
    alarms: others.length,
    metrics: others.reduce((sum, { metric }) => sum + countMetrics(metric), 0),
    scanned: onMetrics.reduce((sum, { contributors }) => sum + countSeries(contributors, fleets), 0),
    promql: plans.length - onMetrics.length,
    composite: composites.length,
  };
}

/** The metrics that an alarm looks at: those of its expression, or the one that it is on. */
function countMetrics(metric: AlarmPlan['metric']): number {
  if (!(metric instanceof cloudwatch.MathExpression)) return 1;
  return Object.values(metric.usingMetrics).reduce((sum, used) => sum + countMetrics(used), 0);
}

/** The series that a query finds: the queues or workflows of one source, or of all. */
function countSeries(contributors: Contributors | undefined, fleets: readonly FleetOfSource[]): number {
  if (contributors === undefined) return 0;
  const { kind, source } = contributors;
  return fleets
    .filter(({ name }) => source === undefined || name === source)
    .reduce((sum, { fleet }) => sum + (kind === 'queues' ? fleet.queues : fleet.pipelines).length, 0);
}
