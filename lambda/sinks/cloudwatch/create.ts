import type { Sink, SinkPorts } from '../sink.ts';
import { createMetricClient, type MetricClient } from './client.ts';
import type { CloudWatchConfig } from './config.ts';
import { bytesOf } from './datum.ts';
import { encode } from './encode.ts';
import { previewOf } from './preview.ts';
import { sendAll } from './send.ts';
import { splitRequests } from './split.ts';

/** Credentials come by the AWS SDK's own chain, the Region too unless the configuration names one. */
export function createCloudWatch(config: CloudWatchConfig, { intervalMs }: Pick<SinkPorts, 'intervalMs'>): Sink {
  const settings = { config, intervalMs };
  // Made with the first write, so that a preview needs neither Region nor credentials; kept for warm runs.
  let client: MetricClient | undefined;
  return {
    write: async (batch, { deadline }) => {
      const { datums, problems } = encode(batch, settings);
      const requests = splitRequests(datums, (datum) => bytesOf(datum, batch.tickMs));
      client ??= createMetricClient(config.region);
      const timestamp = new Date(batch.tickMs);
      const delivery = await sendAll(requests, { client, timestamp, deadline, where: `cloudwatch/${config.name}` });
      return { ...delivery, problems: [...problems(), ...delivery.problems] };
    },
    preview: (batch) => previewOf(batch, settings),
  };
}
