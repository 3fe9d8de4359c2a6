/** A problem: something that went wrong, that the run survives and that it reports with a remedy. */

/** The closed set of reasons that a dashboard, an alarm or a log query can ask for. */
export const problemKinds = [
  'auth',
  'rate-limited',
  'unavailable',
  'timeout',
  'bad-response',
  'rejected',
  'configuration',
  'clock',
  'bug',
] as const;

export type ProblemKind = (typeof problemKinds)[number];

/** Something that went wrong and that the run survives. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Where it happened, as `buildkite/main GET /v3/metrics`: never a token, never a query string. */
  readonly where: string;
  /** What happened and what to do about it. */
  readonly message: string;
  readonly retryAtMs?: number;
}
