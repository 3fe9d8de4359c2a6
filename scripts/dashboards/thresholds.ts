import { Alarms } from '../../lambda/config/deployment.ts';

/** What the CloudWatch alarms take by default: both ways to be woken must answer the same question. */
const { starvedMinutes, sourceDownMinutes, sinkDownMinutes, silentMinutes } = Alarms.parse({});
export { sinkDownMinutes, silentMinutes, sourceDownMinutes, starvedMinutes };

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

/** Two windows of a quota that is counted by the minute, so that its last seconds alone alert nobody. */
export const quotaMinutes = 5;

/** Names that exist for one build are gone by then. */
export const overflowMinutes = 15;

/** A new source with an empty selection is told within the hour in which somebody set it up. */
export const emptyMinutes = 60;

/** As the documentation of the sink says; a group that is left out of a run or two is no fault yet. */
export const pushAgeMinutes = 10;
