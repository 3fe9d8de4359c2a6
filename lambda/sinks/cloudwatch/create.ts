/** Makes the sink: what it remembers lives as long as the process. */
import { pickRole } from '../../http/auth/aws-credentials.ts';
import { resolveNamespace } from '../../model/for-sinks/cloud-watch-shape.ts';
import { type Deadline, isOver } from '../../runtime/deadline.ts';
import { redeliverParcels } from '../../series/delivery/redeliver.ts';
import type { Delivery, Sink, SinkPorts } from '../sink.ts';
import { createMetricClient, type MetricClient } from './send/client.ts';
import { examineWrite } from './send/examine-write.ts';
import type { CloudWatchConfig } from './config.ts';
import type { Datum } from './encode/datum.ts';
import { encodeDatums, type Encoding } from './encode/encode-datums.ts';
import { createKnownDimensions } from './encode/known-dimensions.ts';
import { isStorableTime, range } from './limits.ts';
import { unpackDatums, packDatums } from './send/parcels.ts';
import { previewDatums } from './preview.ts';
import { rememberRefused } from './send/refused-datums.ts';
import { sendDatums } from './send/send-datums.ts';

/**
 * Credentials come by the AWS SDK's own chain unless a role is to be assumed, the Region too unless the configuration
 * names one.
 */
export function createCloudWatch(
  config: CloudWatchConfig,
  {
    collector,
    intervalMs,
    aws,
    redactor,
    clock,
  }: Pick<SinkPorts, 'collector' | 'intervalMs' | 'aws' | 'redactor' | 'clock'>,
): Sink {
  const settings = { config, collector, intervalMs };
  // Made with the first write, so that a preview needs neither Region nor credentials; kept for warm runs.
  let client: MetricClient | undefined;
  const where = `cloudwatch/${config.name}`;
  const refusedDatums = rememberRefused();
  const known = createKnownDimensions();
  const firstNamespaces = [resolveNamespace('collector', config.namespace)];

  const openClient = (): MetricClient =>
    (client ??= createMetricClient({ region: config.region, role: pickRole(config), aws, redactor }));

  const send = async (
    datums: Iterable<Datum>,
    tickMs: number,
    deadline: Deadline,
    unmade: Encoding['unmade'] = () => [],
  ): Promise<Delivery> => {
    return await sendDatums(datums, {
      client: openClient(),
      tickMs,
      deadline,
      where,
      refusedDatums,
      unmade,
      firstNamespaces,
    });
  };

  return {
    write: async (batch, { deadline }) => {
      const { datums, problems, lostSums, unmade } = encodeDatums(batch, { ...settings, known }, () =>
        isOver(deadline),
      );
      const delivery = await send(datums, batch.tickMs, deadline, unmade);
      const dropped = (delivery.dropped ?? 0) + lostSums();
      return { ...delivery, dropped, problems: [...problems(), ...delivery.problems] };
    },
    redeliver: (parcels, { deadline }) =>
      redeliverParcels(parcels, {
        where,
        unpack: unpackDatums,
        takes: { isInTime: (_, tickMs) => isStorableTime(tickMs, clock()), range },
        send: (datums) => send(datums, parcels[0]?.tickMs ?? 0, deadline),
      }),
    examine: (context) => examineWrite({ ...context, client: openClient(), config }),
    pack: (batch) => packDatums([...encodeDatums(batch, settings).datums], batch.tickMs),
    preview: (batch, laterHealth) => previewDatums(batch, settings, laterHealth),
  };
}
