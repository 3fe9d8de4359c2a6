/** The queue of events beside a source's polling, as a source sees it. */

/** An event of a CI system as it arrived. */
export interface QueuedEvent {
  /** JSON text, not checked. */
  readonly body: string;
  /** When it was put into the queue. Epoch milliseconds. */
  readonly sentMs: number;
}

/** Events that only this run sees for a while; they come back unless they are removed. */
export interface TakenEvents {
  readonly events: readonly QueuedEvent[];
  /** True when the queue had more than one run may take. */
  readonly hasMore: boolean;
  /** Call it only once what they mean was saved. */
  readonly remove: (signal: AbortSignal) => Promise<void>;
}

/**
 * The queue of events that runs beside a source's polling. It only makes figures earlier and more exact: events come
 * twice, late, out of order or never, and the poll remains the judge.
 */
export interface Inbox {
  /** @throws InboxError when the queue cannot be read. */
  take(signal: AbortSignal): Promise<TakenEvents>;
}

/** The queue cannot be read; `message` names the queue, the reason and the remedy. */
export class InboxError extends Error {
  override readonly name = 'InboxError';
  readonly kind: 'auth' | 'unavailable' | 'timeout' | 'configuration' | 'rate-limited';

  constructor(kind: InboxError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
