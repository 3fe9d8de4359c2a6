/** The upper bounds of histograms, unless the configuration or a vendor has its own. */

/** Every threshold of the shipped alarms and rules is a bound, so that no query has to interpolate it. Seconds. */
export const durationBounds = [5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400] as const;
export const waitBounds = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200] as const;
