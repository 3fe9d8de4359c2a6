/** Makes the CloudWatch dashboard. */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { buildHealthRows } from './health-widgets.ts';
import type { Watched } from '../alarms/collector-alarms.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import type { Prepared } from '../prepared.ts';
import { buildQuestionRows } from './question-widgets.ts';
import { buildRelayedRows } from './relayed-widgets.ts';
import { splitChunks } from '../../lambda/model/lists/split-chunks.ts';

export interface DashboardOptions {
  readonly prepared: Prepared;
  readonly watched: Watched;
  readonly logGroup: logs.ILogGroup;
  readonly alarms: readonly cloudwatch.IAlarm[];
}

/** CloudWatch API reference, "Dashboard body structure and syntax": alarms of one widget. */
const mostAlarms = 100;

/** Of alarms that take a row each beyond this, the widget scrolls. */
const mostHeight = 12;

/** One question a row, the alarms first. */
export function createDashboard(
  scope: Construct,
  { prepared, watched, logGroup, alarms }: DashboardOptions,
): cloudwatch.Dashboard {
  return new cloudwatch.Dashboard(scope, 'Dashboard', {
    dashboardName: formatDashboardName(scope, prepared.config),
    defaultInterval: Duration.hours(3),
    periodOverride: cloudwatch.PeriodOverride.INHERIT,
    widgets: [
      ...buildStatusRows(prepared, alarms),
      ...buildQuestionRows(prepared),
      ...buildRelayedRows(prepared),
      ...buildHealthRows(prepared, watched, logGroup),
    ],
  });
}

/** Dashboard names are unique in the account, not in the Region. */
export function formatDashboardName(scope: Construct, { collector }: Pick<CollectorConfig, 'collector'>): string {
  return `${collector.replaceAll('.', '-')}-${Stack.of(scope).region}`;
}

function buildStatusRows({ config }: Prepared, alarms: readonly cloudwatch.IAlarm[]): cloudwatch.IWidget[][] {
  return splitChunks(alarms, mostAlarms).map((shown, row, rows) => {
    const part = rows.length === 1 ? '' : ` (${String(row + 1)} of ${String(rows.length)})`;
    return [
      new cloudwatch.AlarmStatusWidget({
        title: `Alarms of ${config.collector}${part}`,
        alarms: [...shown],
        width: 24,
        height: Math.min(2 + Math.ceil(shown.length / 4), mostHeight),
      }),
    ];
  });
}
