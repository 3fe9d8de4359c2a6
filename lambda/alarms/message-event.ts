/** What the events of messages are called on the bus. */

/** Rules choose by both. */
export const messageSource = 'ci-metrics.alarms';
export const messageDetailType = 'CI alarm message';
