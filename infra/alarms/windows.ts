/** Decides how many bad runs, of how many, raise an alarm. */
import { convertInterval } from '../../lambda/settings/interval.ts';
import type { CollectorConfig } from '../../lambda/config/schema.ts';
import { chooseScheduleRate } from '../settings.ts';
import { minuteMs } from '../../lambda/model/time.ts';

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
 * The least number of bad runs, where runs are rarer than the minutes that are asked for. With fewer than three of six,
 * what fails in every third run would raise and end the alarm all the time; one or two failed runs raise none.
 */
const leastBad = 3;

/** The least number of silent runs: one run may be lost, but a collector that stands still must be told early. */
const leastSilent = 2;

/**
 * So many bad minutes in a stretch of twice the length. What fails in every second run, or is read only in every second
 * run, is found as surely as what fails always; and it stays found: with an odd length, such as 3 of 5, it would go off
 * and be over again with each run.
 */
export function chooseWindow(minutes: number, config: CollectorConfig): AlarmWindow {
  return fitWindow(minutes, config, mostMinutes);
}

/** The same for an alarm on a Metrics Insights query, which is cut to the hours that it sees. */
export function chooseQueryWindow(minutes: number, config: CollectorConfig): AlarmWindow {
  return fitWindow(minutes, config, mostMinutesOfQuery);
}

/**
 * How long an age must be above its bound, so that a burst which drains by itself, or a list that is cut short once,
 * raises no alarm.
 */
export const settledMinutes = 5;

/**
 * The same for a figure that holds the time in its value, such as the age of a job: what it asks for is over already
 * when it is above its bound, and a run that fails tells no age at all. So the minutes are rounded up to whole runs, and
 * no least number of them delays the alarm for hours where runs are rare.
 */
export function chooseAgeWindow(minutes: number, config: CollectorConfig): AlarmWindow {
  const bad = Math.ceil(minutes / chooseScheduleRate(config).toMinutes());
  return { bad, of: 2 * bad };
}

/** All of so many minutes without a break, for silence: a single good run ends it. */
export function chooseSilenceWindow(minutes: number, config: CollectorConfig): AlarmWindow {
  const bad = Math.max(Math.ceil(minutes / chooseScheduleRate(config).toMinutes()), leastSilent);
  return { bad, of: bad };
}

/** For a figure that holds the time in its value, or a sum over its whole period. */
export const atOnce: AlarmWindow = { bad: 1, of: 1 };

function fitWindow(minutes: number, config: CollectorConfig, most: number): AlarmWindow {
  const period = chooseScheduleRate(config).toMinutes();
  const points = Math.floor(most / period);
  // At one run a minute the operator's own word counts, even when it is a single minute.
  const least = period === 1 ? 1 : Math.min(leastBad, Math.ceil(points / 2));
  // More than there are would never be reached, and the alarm never go off.
  const bad = Math.min(Math.max(Math.ceil(minutes / period), least), points);
  return { bad, of: Math.min(2 * bad, points) };
}

/** Undefined where an alarm on a Metrics Insights query can wait as long as is asked. */
export function findQueryCut(minutes: number, config: CollectorConfig): string | undefined {
  const period = chooseScheduleRate(config).toMinutes();
  const reached = chooseQueryWindow(minutes, config).bad * period;
  return reached >= minutes
    ? undefined
    : `goes off after ${String(reached)} minutes instead of ${String(minutes)}: an alarm on many series looks back at most ${String(mostMinutesOfQuery)} minutes, and a run comes every ${String(period)}; shorten the interval, or ask for ${String(reached)} minutes`;
}

/** `5 minutes`, `3 of 6 minutes`: what the text of an alarm says of its window. */
export function formatWindow({ bad, of }: AlarmWindow, config: CollectorConfig): string {
  const period = chooseScheduleRate(config).toMinutes();
  const minutes = `${String(of * period)} ${of * period === 1 ? 'minute' : 'minutes'}`;
  return bad === of ? minutes : `${String(bad * period)} of the last ${minutes}`;
}

/**
 * A level counts for a period only when each of its runs has it. With an interval below one minute the maximum would
 * also count a queue that is starved for ten seconds of each minute, because an agent boots for each job.
 */
export function chooseLevelStatistic({ interval }: CollectorConfig): 'Minimum' | 'Maximum' {
  return convertInterval(interval) < minuteMs ? 'Minimum' : 'Maximum';
}
