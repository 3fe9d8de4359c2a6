/** A time of trouble that comes again and again, in any simulated system. */

/** Simulated seconds. */
export interface Outage {
  readonly firstAtSeconds: number;
  readonly everySeconds: number;
  readonly lastsSeconds: number;
}
