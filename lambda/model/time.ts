/** The lengths of a minute, an hour, a day and a billed month, in milliseconds. */

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** AWS and the receivers of metrics bill a month as 730 hours. */
export const hoursAMonth = 730;
export const monthMs = hoursAMonth * hourMs;
