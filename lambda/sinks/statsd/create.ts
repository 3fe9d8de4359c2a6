/** Makes the sink. UDP gives no answer, so a delivery counts what was given to the network and what was never sent. */
import type { Deadline } from '../../runtime/deadline.ts';
import { redeliverParcels } from '../../series/delivery/redeliver.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import type { StatsdConfig } from './config.ts';
import { packLines } from './encode/pack-datagrams.ts';
import { encodeLines, type Line } from './encode/encode-lines.ts';
import { examineWrite } from './send/examine-write.ts';
import { packSums, unpackSums } from './send/parcels.ts';
import { previewLines } from './preview.ts';
import { sendDatagrams } from './send/send-datagrams.ts';
import { describeUnfinishedSend, describeFindings } from './send/problems.ts';

export const createStatsd: CreateSink<StatsdConfig> = (config, { collector }) => {
  const settings = { config, collector };
  const where = `statsd/${config.name}`;
  const target = `${where} udp ${config.host}:${String(config.port)}`;

  const send = async (lines: Iterable<Line>, tickMs: number, deadline: Deadline): Promise<Delivery> => {
    const sent = await sendDatagrams(packLines(lines, config.datagramBytes), config, deadline);
    const { handed, unsent, isRefused, error } = sent;
    const unfinished = { error, isRefused, handed: handed.lines, unsent: unsent.lines };
    return {
      accepted: isRefused ? 0 : handed.lines,
      requests: sent.datagrams,
      bytes: sent.bytes,
      isUnanswered: true,
      problems: error === undefined ? [] : [describeUnfinishedSend(unfinished, target)],
      undelivered: packSums(unsent.sums, tickMs),
      // A refusal does not say which datagrams it is about.
      unconfirmed: isRefused ? handed.sums : 0,
    };
  };

  return {
    write: async (batch, { deadline }) => {
      const { lines, findings, lostSums } = encodeLines(batch, settings);
      const delivery = await send(lines, batch.tickMs, deadline);
      const problems = [...describeFindings(findings(), where), ...delivery.problems];
      return { ...delivery, dropped: lostSums(), problems };
    },
    redeliver: (parcels, { deadline }) =>
      redeliverParcels(parcels, { where, unpack: unpackSums, send: (lines) => send(lines, 0, deadline) }),
    examine: ({ deadline }) => examineWrite(config, target, deadline),
    preview: (batch) => previewLines(encodeLines(batch, settings), config.datagramBytes, where),
  };
};
