/** Opens a UDP socket to one host, which is closed before the run ends. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ForbiddenAddressError, findAddressRefusal } from '../../../http/transport/address.ts';
import { watchAbort } from '../../../runtime/abort.ts';
import { refusalWaitMs } from '../limits.ts';

export interface UdpSocket extends AsyncDisposable {
  /** Resolves when the datagram was handed to the network. @throws Node's error where that refused it. */
  send(body: Uint8Array): Promise<void>;
  /** What the other host has answered after all: that nothing listens there. Waits a moment for it. */
  awaitRefusal(signal: AbortSignal): Promise<Error | undefined>;
}

export interface UdpTarget {
  readonly host: string;
  readonly port: number;
}

/** Connected, so that a refusal of the other host is heard. @throws Node's error, or the reason of the signal. */
export async function openSocket({ host, port }: UdpTarget, signal: AbortSignal): Promise<UdpSocket> {
  const { address, family } = await awaitBeforeAbort(lookup(host), signal);
  const forbidden = findAddressRefusal(address, 'allow');
  if (forbidden !== undefined) throw new ForbiddenAddressError(forbidden);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  let failed: Error | undefined;
  socket.on('error', (error) => {
    failed ??= error;
  });
  const close = (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    socket.close(() => {
      resolve(undefined);
    });
    return promise;
  };
  try {
    await awaitCallback((done) => {
      // A failure comes as an event, before the connection or in its place.
      socket.once('error', done);
      socket.connect(port, address, () => {
        done(null);
      });
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    send: async (body) => {
      if (failed !== undefined) throw failed;
      await awaitCallback((done) => {
        socket.send(body, done);
      });
    },
    awaitRefusal: async (ending) => {
      await sleep(refusalWaitMs, undefined, { signal: ending }).catch(() => undefined);
      return failed;
    },
    [Symbol.asyncDispose]: close,
  };
}

/** @throws what the callback is given. */
async function awaitCallback(begin: (done: (error: Error | null) => void) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  begin((error) => {
    if (error === null) resolve(undefined);
    else reject(error);
  });
  await promise;
}

async function awaitBeforeAbort<Value>(working: Promise<Value>, signal: AbortSignal): Promise<Value> {
  using passing = watchAbort(signal);
  const late = passing.happened.then((): never => {
    throw signal.reason;
  });
  return await Promise.race([working, late]);
}
