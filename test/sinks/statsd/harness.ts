/** A sink of StatsD as the registry makes it, and a server that keeps the texts of its datagrams. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'vitest';
import type { Batch } from '../../../lambda/model/batch.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import type { Delivery, Parcel, Sink } from '../../../lambda/sinks/sink.ts';
import { StatsdConfig } from '../../../lambda/sinks/statsd/config.ts';
import { createStatsd } from '../../../lambda/sinks/statsd/create.ts';
import { encodeLines, type Encoding, type Line } from '../../../lambda/sinks/statsd/encode/encode-lines.ts';
import { noAws } from '../../support/aws/no-aws.ts';
import { recordingLog } from '../../support/recording-log.ts';

const unused = (): never => {
  throw new Error('not part of this test');
};

export interface TestSink {
  readonly sink: Sink;
  write(batch: Batch, parent?: AbortSignal): Promise<Delivery>;
  redeliver(parcels: readonly Parcel[]): Promise<Delivery>;
}

/** `unchecked`: settings that the check of the configuration would refuse. */
export function statsdSink(
  raw: Readonly<Record<string, unknown>> = {},
  unchecked: Partial<StatsdConfig> = {},
): TestSink {
  const config = { ...StatsdConfig.parse({ kind: 'statsd', ...raw }), ...unchecked };
  const sink = createStatsd(config, {
    http: { send: unused, withoutSecrets: unused, takeMeter: unused, readClocks: unused },
    secrets: { read: unused, reread: unused },
    clock: Date.now,
    log: recordingLog(),
    collector: 'ci',
    intervalMs: 60_000,
    print: unused,
    aws: noAws,
  });
  return {
    sink,
    write: async (batch, parent) => {
      using deadline = createDeadline(10_000, Date.now, parent);
      return await sink.write(batch, { deadline });
    },
    redeliver: async (parcels) => {
      if (sink.redeliver === undefined) throw new TypeError('takes no parcels');
      using deadline = createDeadline(10_000, Date.now);
      return await sink.redeliver(parcels, { deadline });
    },
  };
}

/** All that an encoding gives in the end. */
export interface Encoded {
  readonly lines: readonly Line[];
  readonly findings: ReturnType<Encoding['findings']>;
  readonly lostSums: number;
}

export function encoded(batch: Batch, raw: Readonly<Record<string, unknown>> = {}): Encoded {
  const config = StatsdConfig.parse({ kind: 'statsd', ...raw });
  const { lines, findings, lostSums } = encodeLines(batch, { config, collector: 'ci' });
  return { lines: [...lines], findings: findings(), lostSums: lostSums() };
}

export function textsOf({ lines }: Encoded): readonly string[] {
  return lines.map(({ text }) => text);
}

export interface UdpServer extends AsyncDisposable {
  readonly port: number;
  readonly datagrams: readonly string[];
  onDatagram(listener: () => void): void;
  /** Resolves when that many have come. */
  arrived(count: number): Promise<void>;
}

export async function startUdpServer(host = '127.0.0.1'): Promise<UdpServer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const datagrams: string[] = [];
  socket.on('message', (message) => datagrams.push(message.toString('utf8')));
  socket.bind(0, host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    datagrams,
    onDatagram: (listener) => socket.on('message', listener),
    arrived: (count) => expect.poll(() => datagrams.length).toBe(count),
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  await using server = await startUdpServer();
  return server.port;
}
