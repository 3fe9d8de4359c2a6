/** Sends datagrams one after the other, and says which sums were certainly never sent. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Deadline } from '../../../runtime/deadline.ts';
import { append } from '../../../model/lists/append.ts';
import type { Datagram } from '../encode/pack-datagrams.ts';
import type { Line } from '../encode/encode-lines.ts';
import { openSocket, type UdpTarget } from './socket.ts';

export interface Sent {
  readonly datagrams: number;
  readonly bytes: number;
  /** Given to the network; whether they arrived cannot be known. */
  readonly handed: LineCounts;
  /** Certainly never left this machine. */
  readonly unsent: { readonly lines: number; readonly sums: readonly Line[] };
  /** Why not everything was sent, or that nothing listens there. */
  readonly error?: unknown;
  /** The other host has said that nothing listens there, which may hold for all or some of what was handed over. */
  readonly isRefused: boolean;
}

export interface LineCounts {
  readonly lines: number;
  readonly sums: number;
}

/**
 * Never rejects but for a bug. A datagram is asked for when the one before is sent, so that no more than one is in
 * memory; of what is never sent, sums alone are kept.
 */
export async function sendDatagrams(
  datagrams: Iterable<Datagram>,
  target: UdpTarget,
  deadline: Deadline,
): Promise<Sent> {
  const waiting = datagrams[Symbol.iterator]();
  const traffic = createTraffic();
  // Without a datagram no socket is needed.
  let next = waiting.next();
  if (next.done === true) return { ...traffic.sent(), unsent: nothing, isRefused: false };
  const { signal } = deadline;
  try {
    signal.throwIfAborted();
    await using socket = await openSocket(target, signal);
    for (; next.done !== true; next = waiting.next()) {
      signal.throwIfAborted();
      // Each one is waited for: more at once would only overflow the buffers between here and there.
      await socket.send(next.value.body);
      traffic.add(next.value);
      // What is sent at once ends without one, and neither the deadline nor another sink would have a turn.
      await nextTurn();
    }
    const refusal = await socket.awaitRefusal(signal);
    const result = refusal === undefined ? { isRefused: false } : { isRefused: true, error: refusal };
    return { ...traffic.sent(), unsent: nothing, ...result };
  } catch (error) {
    return { ...traffic.sent(), unsent: keepSums(next, waiting), isRefused: isRefusal(error), error };
  }
}

const nothing: Sent['unsent'] = { lines: 0, sums: [] };

interface Traffic {
  readonly add: (datagram: Datagram) => void;
  readonly sent: () => Pick<Sent, 'datagrams' | 'bytes' | 'handed'>;
}

function createTraffic(): Traffic {
  let [datagrams, bytes, lines, sums] = [0, 0, 0, 0];
  return {
    add: ({ body, lines: own }) => {
      datagrams += 1;
      bytes += body.byteLength;
      lines += own.length;
      sums += own.filter(isSum).length;
    },
    sent: () => ({ datagrams, bytes, handed: { lines, sums } }),
  };
}

/** The datagram that failed, and all after it. */
function keepSums(failed: IteratorResult<Datagram>, waiting: Iterator<Datagram>): Sent['unsent'] {
  let lines = 0;
  const sums: Line[] = [];
  for (let next = failed; next.done !== true; next = waiting.next()) {
    lines += next.value.lines.length;
    append(sums, next.value.lines.filter(isSum));
  }
  return { lines, sums };
}

function isSum({ reading }: Line): boolean {
  return reading === 'sum';
}

/** The answer to a datagram that was sent before. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
