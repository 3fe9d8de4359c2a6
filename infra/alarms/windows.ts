import { millisecondsOf, minuteMs } from '../../lambda/config/interval.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { scheduleRate } from '../settings.ts';

/** How many bad data points raise an alarm, and among how many it looks for them; a data point is a run. */
export interface AlarmWindow {
  readonly bad: number;
  readonly of: number;
}

/** PutMetricAlarm API reference, EvaluationPeriods: with periods below an hour an alarm looks back at most a day. */
const mostMinutes = 1440;

/** CloudWatch user guide, "Metrics Insights alarms": they see the last three hours. */
const mostMinutesOfQuery = 180;

/**
 * Where a run is rarer than the minutes that are asked for. Fewer of six would go off and be over again all the time for
 * what fails in every third run; one or two failed runs wake nobody.
 */
const leastBad = 3;

/** Of silence: one run may be lost, and a dead collector is worth a quicker word than a list that could not be read. */
const leastSilent = 2;

/**
 * So many bad minutes in a stretch of twice the length. What fails in every second run, or is read only in every second
 * run, is found as surely as what fails always; and it stays found: with an odd length, such as 3 of 5, it would go off
 * and be over again with each run.
 */
export function within(minutes: number, config: CollectorConfig): AlarmWindow {
  return windowOf(minutes, config, mostMinutes);
}

/** The same for an alarm on a Metrics Insights query. */
export function withinQuery(minutes: number, config: CollectorConfig): AlarmWindow {
  return windowOf(minutes, config, mostMinutesOfQuery);
}

/** All of so many minutes on end, for what no single good point may hide: silence. */
export function onEnd(minutes: number, config: CollectorConfig): AlarmWindow {
  const bad = Math.max(Math.ceil(minutes / scheduleRate(config).toMinutes()), leastSilent);
  return { bad, of: bad };
}

/** For a figure that holds the time in its value, or a sum over its whole period. */
export const atOnce: AlarmWindow = { bad: 1, of: 1 };

function windowOf(minutes: number, config: CollectorConfig, most: number): AlarmWindow {
  const period = scheduleRate(config).toMinutes();
  const points = Math.floor(most / period);
  // At one run a minute the operator's own word counts, even when it is a single minute.
  const least = period === 1 ? 1 : Math.min(leastBad, Math.ceil(points / 2));
  const bad = Math.max(Math.ceil(minutes / period), least);
  return { bad, of: Math.max(bad, Math.min(2 * bad, points)) };
}

/** `5 minutes`, `3 of 6 minutes`: what the text of an alarm says of its window. */
export function durationText({ bad, of }: AlarmWindow, config: CollectorConfig): string {
  const period = scheduleRate(config).toMinutes();
  const minutes = `${String(of * period)} ${of * period === 1 ? 'minute' : 'minutes'}`;
  return bad === of ? minutes : `${String(bad * period)} of the last ${minutes}`;
}

/**
 * A level is true for a period only when each of its runs says so: below one minute the highest of a minute would be a
 * queue that is starved for ten seconds of each minute because an agent boots for each job.
 */
export function wholePeriodStatistic({ interval }: CollectorConfig): 'Minimum' | 'Maximum' {
  return millisecondsOf(interval) < minuteMs ? 'Minimum' : 'Maximum';
}
