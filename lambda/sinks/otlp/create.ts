/** Makes the sink: it sends running totals, or what each run added. */
import { createRequestSize } from '../../series/delivery/request-size.ts';
import type { Batch } from '../../model/batch.ts';
import type { CreateSink, Parcel, Sink } from '../sink.ts';
import type { OtlpConfig } from './config.ts';
import { createCollectionClock } from './encode/points/collection-durations.ts';
import { encodePoints } from './encode/points/encode-points.ts';
import { previewBatch } from './preview.ts';
import { examineWrite } from './send/examine-write.ts';
import { redeliver } from './send/redeliver.ts';
import { packPoints } from './send/parcels.ts';
import { createSpanWriter, joinDeliveries } from './send/traces/write-spans.ts';
import { setUp } from './setup.ts';
import { createWriter } from './send/write-batch.ts';
import { dayMs } from '../../model/time.ts';

export const createOtlp: CreateSink<OtlpConfig> = (config, ports) => {
  const setup = setUp(config, ports);
  const { temporality, limits } = setup.target;
  const size = createRequestSize(limits.points);
  const collections = createCollectionClock();
  const write = createWriter(setup, { size, collections });
  const writeSpans = config.traces === 'omit' ? undefined : createSpanWriter(setup);
  const sink: Sink = {
    write: async (batch, { deadline }) => {
      const metrics = await write(batch, deadline);
      return writeSpans === undefined ? metrics : joinDeliveries(metrics, await writeSpans(batch, deadline));
    },
    ...(writeSpans === undefined ? {} : { takesSpans: true }),
    examine: ({ deadline }) => examineWrite(setup, deadline),
    preview: (batch) => previewBatch(setup, batch, collections.with(batch)),
  };
  if (temporality === 'cumulative') return sink;
  const pack = (batch: Batch): readonly Parcel[] => {
    const { names } = encodePoints(batch, setup.points, collections.with(batch), 'increases');
    const points = [...names].flatMap(({ series }) => series);
    return packPoints(points, batch.tickMs);
  };
  return {
    ...sink,
    redeliver: (parcels, { deadline }) => redeliver(setup, parcels, { size, deadline }),
    ...(doesTakeHistory(limits.maxAgeMs) ? { pack } : {}),
  };
};

/** A receiver of the last hours only would refuse the history of an installation. */
function doesTakeHistory(maxAgeMs: number | undefined): boolean {
  return maxAgeMs === undefined || maxAgeMs >= dayMs;
}
