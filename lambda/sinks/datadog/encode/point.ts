/** What goes into a request: one figure of one series. */

export interface Point {
  readonly name: string;
  /** `key:value`, sorted. */
  readonly tags: readonly string[];
  /** Datadog adds up increases and observations, and shows the newest level. */
  readonly kind: 'level' | 'increase' | 'observations';
  /** Epoch milliseconds. */
  readonly timeMs: number;
  /** One of a level or an increase, each one of a distribution. */
  readonly values: readonly number[];
  readonly unit?: string | undefined;
  /** How long an increase took to come about. */
  readonly intervalSeconds?: number | undefined;
}

export function isAddedUp({ kind }: Pick<Point, 'kind'>): boolean {
  return kind !== 'level';
}
