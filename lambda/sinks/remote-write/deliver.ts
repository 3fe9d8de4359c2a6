/** Sends the requests of a run side by side, and begins no further one after the receiver was lost. */
import type { SendSeries, Settled } from './send.ts';
import type { Series } from './series.ts';

/** Requests in flight; a receiver takes 10,000 series in a tenth of a second, so more would only queue there. */
const maxParallelRequests = 4;

/**
 * Sends pieces of disjoint series, each made when a request is free, and tells what became of each. The first one goes
 * ahead alone: it finds out at the price of one request that a token is refused, a receiver is down or a protocol is
 * not spoken. After a piece that could not be delivered no other one is begun; one that was refused for its data stops
 * nothing, and is not sent again, neither whole nor in parts (remote-write 1.0 and 2.0, "Retries & Backoff").
 */
export async function deliver(
  pieces: Iterator<readonly Series[]>,
  send: SendSeries,
  note: (settled: Settled) => void,
): Promise<void> {
  let isStopped = false;
  const settle = async (series: readonly Series[]): Promise<void> => {
    if (isStopped) {
      note({ series, verdict: { outcome: 'unsent' } });
      return;
    }
    const verdict = await send(series);
    if (verdict.outcome === 'undelivered') isStopped = true;
    note({ series, verdict });
  };
  const first = pieces.next();
  if (first.done !== true) await settle(first.value);
  const worker = async (): Promise<void> => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) await settle(next.value);
  };
  await Promise.all(Array.from({ length: maxParallelRequests }, worker));
}
