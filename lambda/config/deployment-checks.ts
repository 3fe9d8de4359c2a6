import * as z from 'zod';
import { starvedJobs } from '../model/catalogue.ts';
import { metricNames } from '../model/cloud-watch-shape.ts';
import type { Alarms, Deployment, QueueAlarm } from './deployment.ts';
import { Selection, selects } from './glob.ts';
import { millisecondsOf, minuteMs } from './interval.ts';

/** A finding that needs more than one setting to see; `path` leads to the setting that has to change. */
export interface DeploymentIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What the checks read of a checked configuration. */
export interface DeployableConfig {
  readonly interval: string;
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  readonly sinks: readonly Readonly<Record<string, unknown>>[];
  readonly alarms: Alarms;
  readonly deployment: Deployment;
}

/** Between the last delivery of a minute's loop and the end of the invocation: the report has to be written. */
const loopReserveSeconds = 2;

/** Combinations in `alarms` and `deployment` that each setting alone does not show. */
export function checkDeployment(config: DeployableConfig): readonly DeploymentIssue[] {
  return [...timeoutIssues(config), ...queueIssues(config), ...emailIssues(config.alarms)];
}

function timeoutIssues({ interval, deployment: { timeoutSeconds } }: DeployableConfig): readonly DeploymentIssue[] {
  if (timeoutSeconds === undefined) return [];
  const path = ['deployment', 'timeoutSeconds'];
  const intervalMs = millisecondsOf(interval);
  if (intervalMs < minuteMs) {
    const least = minuteMs / 1000 + loopReserveSeconds;
    if (timeoutSeconds >= least) return [];
    const message = `an interval of ${interval} loops for a whole minute; use at least ${String(least)}, or leave it out`;
    return [{ path, message }];
  }
  if (timeoutSeconds * 1000 < intervalMs) return [];
  return [{ path, message: `a run may not outlive the interval of ${interval}; use less, or leave it out` }];
}

function queueIssues({ alarms: { queues }, sources, sinks }: DeployableConfig): readonly DeploymentIssue[] {
  if (queues.length === 0) return [];
  const [metric] = metricNames(starvedJobs.cloudWatch);
  const published = sinks.some(({ kind, metrics }) => kind === 'cloudwatch' && isSelected(metrics, metric));
  const missing: readonly DeploymentIssue[] = published
    ? []
    : [
        {
          path: ['alarms', 'queues'],
          message: `an alarm on a queue reads ${String(metric)}, which no cloudwatch sink publishes; add such a sink, or let its "metrics" include ${String(metric)}`,
        },
      ];
  return [...missing, ...queues.flatMap((queue, index) => queueIssue(queue, index, sources, queues))];
}

function isSelected(metrics: unknown, name: string | undefined): boolean {
  const selection = Selection.optional().safeParse(metrics);
  return name !== undefined && selection.success && selects(selection.data ?? {})(name);
}

function queueIssue(
  queue: QueueAlarm,
  index: number,
  sources: DeployableConfig['sources'],
  queues: readonly QueueAlarm[],
): readonly DeploymentIssue[] {
  const names = sources.map(({ name }) => z.string().catch('').parse(name));
  const path = ['alarms', 'queues', index];
  if (!names.includes(queue.source)) {
    const known = names.map((name) => `"${name}"`).join(', ');
    return [{ path: [...path, 'source'], message: `there is no source named "${queue.source}"; configured: ${known}` }];
  }
  if (queues.findIndex((other) => isSame(other, queue)) === index) return [];
  return [{ path, message: `queue "${queue.queue}" has an alarm already; remove one of the two entries` }];
}

function isSame(a: QueueAlarm, b: QueueAlarm): boolean {
  return a.source === b.source && a.scope === b.scope && a.queue === b.queue;
}

function emailIssues({ emails }: Alarms): readonly DeploymentIssue[] {
  return emails.flatMap((email, index) =>
    emails.indexOf(email) === index
      ? []
      : [{ path: ['alarms', 'emails', index], message: `"${email}" is listed twice; remove one` }],
  );
}
