/** The form of an alerting rule for Prometheus. */

/** `critical` calls a person at once; `warning` waits for working hours. */
type Severity = 'critical' | 'warning';

/** One alerting rule of Prometheus. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long the expression must hold. */
  readonly forMinutes: number;
  readonly severity: Severity;
  /** One line with the values of the labels, as a template of Prometheus. */
  readonly summary: string;
  /** What it means and what to do, without templates. */
  readonly description: string;
  /** A heading of `docs/operating.md`. */
  readonly runbook: string;
  /** Why these figures: a comment beside them. */
  readonly reason: string;
}

export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}
