/** What Cloud Monitoring takes at once. Each number has its source beside it. */

/** Cloud Monitoring API, CreateTimeSeriesRequest.time_series (metric_service.proto). */
export const maxSeriesPerRequest = 200;

/** Cloud Monitoring, quotas: the key of a label, and its value. Characters. */
export const maxLabelKeyLength = 100;
export const maxLabelValueLength = 1024;

/** Cloud Monitoring, quotas: labels of one metric descriptor. */
export const maxLabels = 30;

/** Cloud Monitoring, quotas: two points of one series are at least so far apart; it was 10 seconds in older editions. */
export const minPointDistanceMs = 5000;

/**
 * Own choice: what is asked for before the points are sent may take this long at most, so that a slow answer costs
 * descriptions and not points.
 */
export const descriptorBudgetMs = 5000;

/** Own choice: descriptors on their way side by side; a first run has some 60 of them. */
export const parallelDescriptors = 4;

/** Success is an empty object; a descriptor comes back as it was sent. */
export const maxAnswerBytes = 256 * 1024;
