/** Sends the requests of a run side by side, and begins no further one after the receiver was lost. */
import type { Settled, Verdict } from './reception.ts';

/** Requests in flight; a receiver takes 10,000 series in a tenth of a second, so more would only queue there. */
const usualParallelRequests = 4;

export interface Deliveries<Sample, Piece> {
  /** Each made when a request is free. */
  readonly pieces: Iterator<Piece>;
  readonly samplesOf: (piece: Piece) => readonly Sample[];
  readonly send: (piece: Piece) => Promise<Verdict>;
  readonly note: (settled: Settled<Sample>) => void;
  /** Requests side by side, after the first one. */
  readonly parallel?: number;
}

/**
 * Sends pieces of disjoint series, and tells what became of each. The first one goes ahead alone: it finds out at the
 * price of one request that a token is refused, a receiver is down or a protocol is not spoken. After a piece that could not be delivered no other one is begun; one that was refused for its data stops
 * nothing, and is not sent again, neither whole nor in parts (remote-write 1.0 and 2.0, "Retries & Backoff"; OTLP,
 * "Bad Data").
 */
export async function deliver<Sample, Piece>({
  pieces,
  samplesOf,
  send,
  note,
  parallel = usualParallelRequests,
}: Deliveries<Sample, Piece>): Promise<void> {
  let isStopped = false;
  const settle = async (piece: Piece): Promise<void> => {
    const series = samplesOf(piece);
    if (isStopped) {
      note({ series, verdict: { outcome: 'unsent' } });
      return;
    }
    const verdict = await send(piece);
    if (verdict.outcome === 'undelivered') isStopped = true;
    note({ series, verdict });
  };
  const first = pieces.next();
  if (first.done !== true) await settle(first.value);
  const worker = async (): Promise<void> => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) await settle(next.value);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}
