/** What one delivery of a sink gives: what was accepted, and the increases that were not. */
import type { Problem } from './problem.ts';

/** What a sink accepted, and what it refused; the accepted part counts. */
export interface Delivery {
  /** Samples accepted, in the sink's own unit (datums, series, points). */
  readonly accepted: number;
  /** Requests sent, retries not included. */
  readonly requests: number;
  /** Bytes of the request bodies as sent. */
  readonly bytes: number;
  readonly problems: readonly Problem[];
  /** The protocol answers nothing (UDP): `accepted` samples were given to the network; what arrived is unknown. */
  readonly isUnanswered?: true;
  /** What an additive sink certainly did not store of the increases it was sent, and can be sent again as it is. */
  readonly undelivered?: readonly Parcel[];
  /** Increases whose fate is unknown, because the answer was lost: sent again they might count twice. */
  readonly unconfirmed?: number;
  /** Increases that were refused for good. */
  readonly dropped?: number;
  /** Increases that wait in the sink's outbox for a later run. */
  readonly pending?: number;
}

/** Increases on their way to one additive sink, kept in its outbox until they are stored. */
export interface Parcel {
  /** The tick whose increases they are. Epoch milliseconds. */
  readonly tickMs: number;
  readonly samples: number;
  /** Small JSON in the sink's own shape; it checks what it gets back. */
  readonly content: unknown;
}
