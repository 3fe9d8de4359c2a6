/** Plans the alarms on clusters with Tekton: TaskRuns that wait for room, runs that nothing starts. */
import { taskRuns, unseenRuns } from '../../lambda/sources/tekton/metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { hasSink, limitToReach } from './reach.ts';
import { chooseLevelStatistic, chooseWindow, formatWindow } from './windows.ts';
import { isTaken, chooseReading } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';

/** Alarms on clusters whose TaskRuns wait for room, or whose controller does nothing. */
export function planTektonAlarms(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = limitToReach(all, region);
  if (!hasSink(prepared)) return [];
  return prepared.sources.flatMap((source) => [
    ...(source.metrics.includes(taskRuns) ? planThrottled(prepared, source) : []),
    ...(source.metrics.includes(unseenRuns) ? planUnseen(prepared, source) : []),
  ]);
}

const causes = {
  quota:
    'a ResourceQuota has no room for their pods. Raise it, lower what the steps request, or start fewer runs at once.',
  node: 'their pods fit no node. Look whether the autoscaler is at its limit, or cannot make such a node.',
} as const;

function planThrottled(prepared: Prepared, { name, system }: PreparedSource): readonly AlarmPlan[] {
  const window = chooseWindow(prepared.config.alarms.throttledMinutes, prepared.config);
  const labels = { system, source: name };
  const states = (['quota', 'node'] as const).filter((state) => isTaken(prepared, taskRuns, { ...labels, state }));
  return states.map((state) => ({
    name: `tekton-${state}/${name}`,
    description: `TaskRuns of source "${name}" have waited in ${formatWindow(window, prepared.config)} because ${causes[state]} ci_tekton_taskruns tells in which namespace.`,
    metric: chooseReading(
      prepared,
      taskRuns,
      { ...labels, state },
      { statistic: chooseLevelStatistic(prepared.config) },
    ),
    when: 'above',
    threshold: 0,
    window,
    silence: 'kept',
  }));
}

function planUnseen(prepared: Prepared, { name, system }: PreparedSource): readonly AlarmPlan[] {
  const labels = { system, source: name };
  if (!isTaken(prepared, unseenRuns, labels)) return [];
  const window = chooseWindow(prepared.config.alarms.unseenMinutes, prepared.config);
  return [
    {
      name: `tekton-unseen/${name}`,
      description: `No controller has touched some runs of source "${name}" since they were made, in ${formatWindow(window, prepared.config)}: the controller of Tekton is down or far behind, or spec.managedBy names another one. Nothing starts until it is back.`,
      metric: chooseReading(prepared, unseenRuns, labels, { statistic: chooseLevelStatistic(prepared.config) }),
      when: 'above',
      threshold: 0,
      window,
      silence: 'kept',
    },
  ];
}
