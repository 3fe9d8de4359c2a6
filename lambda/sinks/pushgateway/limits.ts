/** How much a Pushgateway is asked at once, each number with its reason. */

/** A gateway takes one push after the other; a second one in flight keeps it busy while the next page is written. */
export const pushesAtOnce = 2;

/** The gateway names several metrics at once, so this is enough unless another program pushes the same metrics. */
export const maxSecondAttempts = 5;

/** Longest part of the gateway's text that a problem repeats; a refused histogram comes with all its buckets. */
export const maxGatewayText = 300;
