/** The thresholds of the alerting rules, as the CloudWatch alarms have them. */
import { Alarms } from '../../lambda/config/deployment.ts';

/** What the CloudWatch alarms take by default: both ways to be woken must answer the same question. */
const {
  countingLateMinutes,
  oldestWaitMinutes,
  starvedMinutes,
  sourceDownMinutes,
  sinkDownMinutes,
  silentMinutes,
  stuckRunsMinutes,
  systemErrors: systemErrorCount,
  throttledMinutes,
  tokenExpiringHours,
  unseenMinutes,
  workflowDownMinutes,
} = Alarms.parse({});
export {
  countingLateMinutes,
  oldestWaitMinutes,
  sinkDownMinutes,
  silentMinutes,
  sourceDownMinutes,
  starvedMinutes,
  stuckRunsMinutes,
  systemErrorCount,
  throttledMinutes,
  unseenMinutes,
  workflowDownMinutes,
};

/** As in the stack's alarms: a wait that stays above its bound for so long is no burst that drains by itself. */
export const waitedMinutes = 5;

/**
 * 95 % of the jobs start within five minutes, which is a bound of the histogram. 14.4 times the allowance uses up a
 * month's in two days (Google, "The Site Reliability Workbook", chapter 5); it must stay below 100 %.
 */
export const waitObjective = { share: 0.95, seconds: 300, fastBurn: 14.4 } as const;

/** As in the stack's alarms; fewer runs in an hour make no ratio. */
export const failureRatio = 0.4;
export const leastRuns = 5;

/** A run and the repair of what broke it. */
export const brokenMinutes = 120;

/** As in the stack's alarm: a list that was cut short once catches up by itself. */
export const latePatienceMinutes = 5;

/** Long enough that the alert is still on when a person comes to look, and for a page that is scraped rarely. */
export const droppedMinutes = 60;

/** Outlasts holidays. */
export const tokenDays = tokenExpiringHours / 24;

/**
 * A figure that is missing counts as the last one for so long: one failed poll must not start the time of an alert
 * anew. After that the source itself is reported.
 */
export const bridgedMinutes = sourceDownMinutes;

/** Workers take a job within seconds; ten minutes side by side are no coincidence of sampling. */
export const idleBacklogMinutes = 10;

/** More in use for long is short of capacity (Buildkite documentation, "Cluster insights"). */
export const saturatedRatio = 0.95;

/** Autoscaling needs minutes and a burst passes by itself; a pool that is full for longer is too small. */
export const saturatedMinutes = 30;

/** Longer than a weekend: what happened on Friday evening must still be known on Monday morning. */
export const weekendMinutes = 3 * 24 * 60;

/** A Prometheus that was away itself sees an old run first; the next one arrives within an interval and its duration. */
export const settlingMinutes = 2;

/** The rest of a quota that is left for everybody else who uses the same credential. */
export const quotaRatio = 0.1;

/** Two windows of a quota that is counted by the minute, so that its last seconds alone are no alert. */
export const quotaMinutes = 5;

/** Names that exist for one build are gone by then. */
export const overflowMinutes = 15;

/** A new source with an empty selection is reported within the hour in which it was set up. */
export const emptyMinutes = 60;

/** As the documentation of the sink says; a group that is left out of a run or two is no fault yet. */
export const pushAgeMinutes = 10;

/** The alarm of the stack has the same: beyond what any plan allows. */
export const looksLateMinutes = 24 * 60;

/** A look that is due comes within minutes once there are requests. */
export const looksPatienceMinutes = 15;
