/** Plans the one alarm that tells that the collector does not run. */
import type { AlarmPlan } from './alarm-plan.ts';
import { joinByAnd, type CompositePlan, joinByOr, matchOk, matchOn } from './composite-alarm.ts';

const parts = [
  'collector-silent',
  'collector-started',
  'function-crashes',
  'function-throttled',
  'schedule-dropped',
  'schedule-dead-letters',
];

/**
 * The one alarm on a collector that is dead, whatever it died of: its parts say which, and only it tells the topic.
 * Runs that fail because of a source or a sink are no part of it: these have alarms of their own.
 */
export const collectorDown: CompositePlan = {
  name: 'collector-down',
  description:
    'The collector does not run, or its runs die. Its parts say which: collector-silent, function-crashes, function-throttled, schedule-dropped or schedule-dead-letters; the section of that one says what to do.',
  rule: joinByOr([
    // Without a first run nothing has stopped yet: a deployment, or a schedule that was just enabled.
    joinByAnd(matchOn('collector-silent'), matchOk('collector-started')),
    ...['function-crashes', 'function-throttled', 'schedule-dropped', 'schedule-dead-letters'].map(matchOn),
  ]),
  parts,
};

/** Alarms that do not notify where there are composite alarms; what causes the last two has alarms of its own. */
const childNames: ReadonlySet<string> = new Set([...parts, 'function-errors', 'dead-letters']);

export function markCollectorDownChild(plan: AlarmPlan): AlarmPlan {
  return childNames.has(plan.name) ? { ...plan, isChild: true } : plan;
}
