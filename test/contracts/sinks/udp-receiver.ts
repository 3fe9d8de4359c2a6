/** Receives datagrams of StatsD, and reads them by code that shares nothing with the sink. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedRequest, ReceivedValue, StartReceiver } from './facts.ts';

/** Longer than a datagram needs from one socket of this process to another. */
const onTheWayMs = 50;

/** Room for everything that a test sends before this process reads it. */
const bufferBytes = 8 * 1024 * 1024;

export const receiveStatsd: StartReceiver = async () => {
  const received: ReceivedRequest[] = [];
  const socket = createSocket({ type: 'udp4', recvBufferSize: bufferBytes });
  socket.on('message', (message) => {
    const values = valuesOfDatagram(message.toString('utf8'));
    received.push({ bytes: message.byteLength, values, stored: values, isConfirmed: true });
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    url: `127.0.0.1:${String(socket.address().port)}`,
    received: async () => {
      let before = -1;
      while (before < received.length) {
        before = received.length;
        await sleep(onTheWayMs);
      }
      return [...received];
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
};

const statsdLine = /^([^:|]+):([-+.\de]+)\|(c|g|ms|h|d)(?:\|#([^|]*))?(?:\|T(\d+))?$/;

const kinds = { c: 'increase', g: 'level', ms: 'observations', h: 'observations', d: 'observations' } as const;

/** A level with a sign changes the one before it; other readings stand for themselves. */
function valuesOfDatagram(text: string): readonly ReceivedValue[] {
  const values: ReceivedValue[] = [];
  for (const line of text.split('\n')) {
    const [, name = '', figure = '', type = '', tags = '', time] = statsdLine.exec(line) ?? [];
    const kind = isType(type) ? kinds[type] : undefined;
    if (kind === undefined) throw new Error(`no line of StatsD: ${line}`);
    const labels = Object.fromEntries(
      tags
        .split(',')
        .flatMap((tag) => (tag === '' ? [] : [[tag.split(':')[0] ?? '', tag.slice(tag.indexOf(':') + 1)]])),
    );
    const before = values.at(-1);
    const isChange = type === 'g' && /^[-+]/.test(figure) && time === undefined && before?.name === name;
    const value = type === 'ms' ? Number(figure) / 1000 : Number(figure);
    if (isChange) values.pop();
    const changed = isChange ? (before.values[0] ?? 0) + value : value;
    values.push({
      name,
      labels,
      kind,
      values: [changed],
      ...(time === undefined ? {} : { timeMs: Number(time) * 1000 }),
    });
  }
  return values;
}

function isType(type: string): type is keyof typeof kinds {
  return type in kinds;
}
