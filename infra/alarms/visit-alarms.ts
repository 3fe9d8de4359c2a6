/** Plans the alarm on repositories that a source has not read for a day. */
import { oldestVisit } from '../../lambda/model/catalogue/crawl-metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { limitToReach } from './reach.ts';
import { chooseAgeWindow } from './windows.ts';
import { isTaken, chooseReading } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';

/** A budget of 1,000 requests an hour comes round to 5,000 repositories within 16 hours, so a day is beyond any plan. */
const lateHours = 24;

/** A visit that is due is made within minutes once there are requests left. */
const patienceMinutes = 15;

/** Whether a source visits its repositories in turn: its lag is planned, and the age of its oldest visit tells it. */
export function isReadInTurn({ metrics }: PreparedSource): boolean {
  return metrics.includes(oldestVisit);
}

/** Alarms on workspaces that are too large for the requests of their credential. */
export function planVisitAlarms(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = limitToReach(all, region);
  return prepared.sources.filter(isReadInTurn).flatMap(({ name, system }) => {
    const labels = { system, source: name };
    if (!isTaken(prepared, oldestVisit, labels)) return [];
    return [
      {
        name: `looks-late/${name}`,
        description: `A repository of source "${name}" has not been read for ${String(lateHours)} hours: the requests of the credential do not suffice for so many repositories, or something else uses them up. A dry run shows the plan; select fewer repositories, give each project a source and a token of its own, or let a webhook tell.`,
        metric: chooseReading(prepared, oldestVisit, labels),
        when: 'above',
        threshold: lateHours * 3600,
        window: chooseAgeWindow(patienceMinutes, prepared.config),
        silence: 'kept',
      },
    ];
  });
}
