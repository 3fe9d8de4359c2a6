/** Sends the requests of a run in parallel, and begins no further one once the receiver cannot be reached. */
import { NotBegunError } from './fate.ts';
import type { Settled, Reception } from './reception.ts';

/** Requests in flight; a receiver takes 10,000 series in a tenth of a second, so more would only queue there. */
const usualParallelRequests = 4;

export interface Deliveries<Sample, Piece> {
  /** Each made when a request is free. */
  readonly pieces: Iterator<Piece>;
  readonly samplesIn: (piece: Piece) => readonly Sample[];
  readonly send: (piece: Piece) => Promise<Reception>;
  readonly note: (settled: Settled<Sample>) => void;
  /** Of the deadline of the run: after it no request is begun. */
  readonly signal: AbortSignal;
  /** Requests side by side, after the first one. */
  readonly parallel?: number;
}

/**
 * Sends pieces of disjoint series, and tells what became of each. The first one goes ahead alone: it finds out at the
 * price of one request that a token is refused, a receiver is down or a protocol is not spoken. After a piece that could
 * not be delivered no other one is begun; one that was refused for its data stops nothing, and is not sent again, neither
 * whole nor in parts (remote-write 1.0 and 2.0, "Retries & Backoff"; OTLP, "Bad Data").
 */
export async function deliver<Sample, Piece>({
  pieces,
  samplesIn,
  send,
  note,
  signal,
  parallel = usualParallelRequests,
}: Deliveries<Sample, Piece>): Promise<void> {
  let isStopped = false;
  const settle = async (piece: Piece): Promise<void> => {
    const series = samplesIn(piece);
    if (isStopped) {
      note({ series, reception: { outcome: 'unsent' } });
      return;
    }
    const reception: Reception = signal.aborted
      ? { outcome: 'undelivered', error: new NotBegunError(signal) }
      : await send(piece);
    if (reception.outcome === 'undelivered') isStopped = true;
    note({ series, reception });
  };
  const first = pieces.next();
  if (first.done !== true) await settle(first.value);
  const drainPieces = async (): Promise<void> => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) await settle(next.value);
  };
  await Promise.all(Array.from({ length: parallel }, drainPieces));
}
