import { oldestLook } from '../../lambda/sources/bitbucket-pipelines/metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { AlarmPlan } from './alarm-plan.ts';
import { inReachOf } from './reach.ts';
import { within } from './windows.ts';
import { isTaken, readingOf } from '../metrics/build-metric.ts';
import type { Prepared } from '../prepared.ts';

/** A budget of 1,000 requests an hour comes round to 5,000 repositories within 16 hours, so a day is beyond any plan. */
const lateHours = 24;

/** A look that is due comes within minutes once there are requests. */
const patienceMinutes = 15;

/** Whether a source reads its parts in turn: their lag is planned, and told by the oldest look. */
export function readsInTurn({ metrics }: PreparedSource): boolean {
  return metrics.includes(oldestLook);
}

/** Alarms on workspaces that are too large for the requests of their credential. */
export function crawlPlans(all: Prepared, region: string): readonly AlarmPlan[] {
  const prepared = inReachOf(all, region);
  return prepared.sources.filter(readsInTurn).flatMap(({ name, system }) => {
    const labels = { system, source: name };
    if (!isTaken(prepared, oldestLook, labels)) return [];
    return [
      {
        name: `looks-late/${name}`,
        description: `A repository of source "${name}" has not been read for ${String(lateHours)} hours: the requests of the credential do not suffice for so many repositories, or something else uses them up. A dry run shows the plan; select fewer repositories, give each project a source and a token of its own, or let a webhook tell.`,
        metric: readingOf(prepared, oldestLook, labels),
        when: 'above',
        threshold: lateHours * 3600,
        window: within(patienceMinutes, prepared.config),
        silence: 'kept',
      },
    ];
  });
}
