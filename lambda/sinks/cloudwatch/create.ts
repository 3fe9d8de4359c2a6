/** Makes the sink: what it remembers lives as long as the process. */
import { roleIn } from '../../http/auth/aws-credentials.ts';
import { namespaceOf } from '../../model/for-sinks/cloud-watch-shape.ts';
import { type Deadline, isOver } from '../../runtime/deadline.ts';
import type { Delivery, Sink, SinkPorts } from '../sink.ts';
import { createMetricClient, type MetricClient } from './send/client.ts';
import type { CloudWatchConfig } from './config.ts';
import type { Datum } from './encode/datum.ts';
import { encode, type Encoding } from './encode/encode-datums.ts';
import { datumsIn, parcelsOf } from './send/parcels.ts';
import { previewOf } from './preview.ts';
import { rememberRefused } from './send/refused-datums.ts';
import { sendAll } from './send/send-datums.ts';

/**
 * Credentials come by the AWS SDK's own chain unless a role is to be assumed, the Region too unless the configuration
 * names one.
 */
export function createCloudWatch(
  config: CloudWatchConfig,
  { collector, intervalMs, aws, redactor }: Pick<SinkPorts, 'collector' | 'intervalMs' | 'aws' | 'redactor'>,
): Sink {
  const settings = { config, collector, intervalMs };
  // Made with the first write, so that a preview needs neither Region nor credentials; kept for warm runs.
  let client: MetricClient | undefined;
  const where = `cloudwatch/${config.name}`;
  const refusedBefore = rememberRefused();
  const first = [namespaceOf('collector', config.namespace)];

  const send = async (
    datums: Iterable<Datum>,
    tickMs: number,
    deadline: Deadline,
    unmade: Encoding['unmade'] = () => [],
  ): Promise<Delivery> => {
    client ??= createMetricClient({ region: config.region, role: roleIn(config), aws, redactor });
    return await sendAll(datums, { client, tickMs, deadline, where, refusedBefore, unmade, first });
  };

  return {
    write: async (batch, { deadline }) => {
      const { datums, problems, lostSums, unmade } = encode(batch, settings, () => isOver(deadline));
      const delivery = await send(datums, batch.tickMs, deadline, unmade);
      const dropped = (delivery.dropped ?? 0) + lostSums();
      return { ...delivery, dropped, problems: [...problems(), ...delivery.problems] };
    },
    redeliver: async (parcels, { deadline }) => {
      const read = parcels.map((parcel) => ({ parcel, datums: datumsIn(parcel) }));
      const datums = read.flatMap(({ datums: known = [] }) => known);
      const unreadable = read.filter((one) => one.datums === undefined);
      const lost = unreadable.reduce((total, { parcel }) => total + parcel.samples, 0);
      const [first] = parcels;
      const delivery = await send(datums, first?.tickMs ?? 0, deadline);
      return { ...delivery, dropped: (delivery.dropped ?? 0) + lost };
    },
    pack: (batch) => parcelsOf([...encode(batch, settings).datums], batch.tickMs),
    preview: (batch, laterHealth) => previewOf(batch, settings, laterHealth),
  };
}
