/** The version of the collector, and how it names itself to servers. */

/** Version of the collector; a repository test holds it equal to package.json. */
export const version = '0.1.0';

/** Sent with every request, so that a vendor's support can find ours. */
export const userAgent = `ci-metrics-collector/${version}`;
