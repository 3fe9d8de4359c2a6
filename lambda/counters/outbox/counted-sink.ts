/** What counting needs of a sink; every sink of the collector fits. */
import type { Batch } from '../../model/batch.ts';
import type { Delivery, Parcel } from '../../model/delivery.ts';
import type { Deadline } from '../../runtime/deadline.ts';

export interface CountedSink {
  write(batch: Batch, context: { readonly deadline: Deadline }): Promise<Delivery>;
  /** Present in a sink that adds what it is sent: sends parcels of earlier ticks again. */
  readonly redeliver?: (parcels: readonly Parcel[], context: { readonly deadline: Deadline }) => Promise<Delivery>;
  /** Present where old timestamps are taken: the increases of a batch, to be sent later. */
  readonly pack?: (batch: Batch) => readonly Parcel[];
  /** Present in a sink that shows finished runs as traces. */
  readonly takesSpans?: true;
}
