/** What a datagram and its receivers take, each number with its source. */

/**
 * Default for one datagram: what an Ethernet frame of 1,500 bytes carries behind the headers of IPv6 and UDP (48 bytes)
 * with room for a tunnel, as StatsD's documentation recommends (docs/metric_types.md, "Multi-Metric Packets").
 */
export const usualDatagramBytes = 1432;

/** Two values of the longest usual names; StatsD's documentation gives 512 for the open internet. */
export const fewestDatagramBytes = 256;

/** What UDP itself carries over IPv4: 65,535 bytes less 20 of IP and 8 of UDP. */
export const mostDatagramBytes = 65_507;

/** Datadog documentation, "Getting started with tags": longer ones are cut there, so that two of them become one. */
export const maxTagLength = 200;

/**
 * How long the socket stays open after the last datagram: a host without a listener says so (ICMP) within one round
 * trip, and this is the only answer that there ever is. Milliseconds.
 */
export const refusalWaitMs = 50;
