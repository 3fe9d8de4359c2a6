import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { healthRows } from './health-widgets.ts';
import type { Watched } from './collector-alarms.ts';
import type { Prepared } from './prepared.ts';
import { questionRows } from './question-widgets.ts';
import { relayedRows } from './relayed-widgets.ts';

export interface DashboardOptions {
  readonly prepared: Prepared;
  readonly watched: Watched;
  readonly logGroup: logs.ILogGroup;
  readonly alarms: readonly cloudwatch.IAlarm[];
}

/** One question a row, the alarms first. */
export function createDashboard(
  scope: Construct,
  { prepared, watched, logGroup, alarms }: DashboardOptions,
): cloudwatch.Dashboard {
  const status = new cloudwatch.AlarmStatusWidget({
    title: `Alarms of ${prepared.config.collector}`,
    alarms: [...alarms],
    width: 24,
    height: Math.min(2 + Math.ceil(alarms.length / 4), 12),
  });
  return new cloudwatch.Dashboard(scope, 'Dashboard', {
    // Dashboard names are unique in the account, not in the Region.
    dashboardName: `${prepared.config.collector.replaceAll('.', '-')}-${Stack.of(scope).region}`,
    defaultInterval: Duration.hours(3),
    periodOverride: cloudwatch.PeriodOverride.INHERIT,
    widgets: [
      [status],
      ...questionRows(prepared),
      ...relayedRows(prepared),
      ...healthRows(prepared, watched, logGroup),
    ],
  });
}
