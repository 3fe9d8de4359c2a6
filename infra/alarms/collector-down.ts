import type { AlarmPlan } from './alarm-plan.ts';
import { both, type CompositePlan, either, isOk, isOn } from './composite-alarm.ts';

/**
 * The one alarm on a collector that is dead, whatever it died of: its parts say which, and only it tells the topic.
 * Runs that fail because of a source or a sink are no part of it: these have alarms of their own.
 */
export const collectorDown: CompositePlan = {
  name: 'collector-down',
  description:
    'The collector does not run, or its runs die. Its parts say which: collector-silent, function-crashes, function-throttled, schedule-dropped or schedule-dead-letters; the section of that one says what to do.',
  rule: either([
    // Without a first run nothing has stopped yet: a deployment, or a schedule that was just enabled.
    both(isOn('collector-silent'), isOk('collector-started')),
    ...['function-crashes', 'function-throttled', 'schedule-dropped', 'schedule-dead-letters'].map(isOn),
  ]),
};

/** What tells nobody itself where there are composite alarms; the last two are traces of what has an alarm. */
const parts: ReadonlySet<string> = new Set([
  'collector-silent',
  'collector-started',
  'function-crashes',
  'function-throttled',
  'schedule-dropped',
  'schedule-dead-letters',
  'function-errors',
  'dead-letters',
]);

export function asPartOfCollectorDown(plan: AlarmPlan): AlarmPlan {
  return parts.has(plan.name) ? { ...plan, isPart: true } : plan;
}
