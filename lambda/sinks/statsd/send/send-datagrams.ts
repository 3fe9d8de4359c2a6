/** Sends datagrams one after the other, and says which were certainly never sent. */
import type { Deadline } from '../../../runtime/deadline.ts';
import type { Datagram } from '../encode/pack-datagrams.ts';
import type { Line } from '../encode/encode-lines.ts';
import { openSocket, type UdpTarget } from './socket.ts';

export interface Sent {
  readonly datagrams: number;
  readonly bytes: number;
  /** Given to the network; whether they arrived cannot be known. */
  readonly handed: readonly Line[];
  /** Certainly never left this machine. */
  readonly unsent: readonly Line[];
  /** Why not everything was sent, or that nothing listens there. */
  readonly error?: unknown;
  /** The other host has said that nothing listens there, which may hold for all or some of what was handed over. */
  readonly isRefused: boolean;
}

/** Never rejects but for a bug. */
export async function sendDatagrams(
  datagrams: readonly Datagram[],
  target: UdpTarget,
  deadline: Deadline,
): Promise<Sent> {
  const { signal } = deadline;
  const handed: Line[] = [];
  let next = 0;
  let bytes = 0;
  const buildSent = (more: Pick<Sent, 'isRefused' | 'error'>): Sent => ({
    ...{ datagrams: next, bytes, handed, unsent: datagrams.slice(next).flatMap(({ lines }) => lines) },
    ...more,
  });
  if (datagrams.length === 0) return buildSent({ isRefused: false });
  try {
    signal.throwIfAborted();
    await using socket = await openSocket(target, signal);
    for (const { body, lines } of datagrams) {
      signal.throwIfAborted();
      // Each one is waited for: more at once would only overflow the buffers between here and there.
      await socket.send(body);
      next += 1;
      bytes += body.byteLength;
      for (const line of lines) handed.push(line);
    }
    const refusal = await socket.awaitRefusal(signal);
    return refusal === undefined ? buildSent({ isRefused: false }) : buildSent({ isRefused: true, error: refusal });
  } catch (error) {
    return buildSent({ isRefused: isRefusal(error), error });
  }
}

/** The answer to a datagram that was sent before. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}
