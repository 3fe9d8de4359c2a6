/** What the events of messages are called on the bus; rules choose by it. */
export const messageSource = 'ci-metrics.alarms';
export const messageDetailType = 'CI alarm message';
