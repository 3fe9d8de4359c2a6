/** List prices of AWS in us-east-1, in US dollars, without free tiers unless one is named. */

/**
 * Other Regions differ by a few percent; what an account has agreed is not known here. Read from the services' pages
 * "Pricing" in November 2026, but for those that are marked as reported: look these up before you rely on them.
 */

export const prices = {
  /** Each metric that an alarm looks at, by period of a minute or more; a Metrics Insights alarm looks at many. */
  alarmMetric: 0.1,
  compositeAlarm: 0.5,
  /** From the fourth of an account on; three are free. */
  dashboard: 3,
  lambdaGigabyteSecondOnArm: 0.000_013_333_4,
  millionInvocations: 0.2,
  logGigabyte: 0.5,
  secret: 0.4,
  tenThousandSecretCalls: 0.05,
  millionReadUnits: 0.125,
  millionWriteUnits: 0.625,
  /** Reported: SQS, each call; a message is sent, received and deleted. */
  millionQueueCalls: 0.4,
  /** Reported: EventBridge, each event that a program of one's own puts on a bus. */
  millionCustomEvents: 1,
  /** Reported: EventBridge, each request to an API destination. */
  millionApiRequests: 0.2,
  /** Reported: one gateway for an hour, without the data that goes through it. */
  natGatewayHour: 0.045,
  /** Reported: each public IPv4 address for an hour; a gateway has one. */
  publicAddressHour: 0.005,
} as const;
