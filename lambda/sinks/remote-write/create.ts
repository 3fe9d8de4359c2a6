import { selects } from '../../config/glob.ts';
import { whereOf } from '../../http/where.ts';
import type { Batch } from '../../model/batch.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import type { RemoteWriteConfig } from './config.ts';
import { acceptedOf, chunks, deliver, outcomeOf } from './deliver.ts';
import { createMemory } from './memory.ts';
import { sendMetadata } from './metadata.ts';
import { createPost } from './post.ts';
import { previewOf } from './preview.ts';
import { problemsOfDelivery, problemsOfOmissions } from './problems.ts';
import { createDialect, sendSeries } from './send.ts';
import { type SeriesSettings, seriesOf } from './series.ts';

export const createRemoteWrite: CreateSink<RemoteWriteConfig> = (config, ports) => {
  const { log, collector, intervalMs } = ports;
  const where = `remote-write/${config.name} ${whereOf('POST', new URL(config.url))}`;
  const settings: SeriesSettings = {
    labels: { collector, ...config.labels },
    selects: selects(config.metrics ?? {}),
  };
  const memory = createMemory();
  const dialect = createDialect(config.version, ({ status }) => {
    log.warn('the receiver does not speak remote write 2.0; 1.0 is used from now on', { sink: config.name, status });
  });

  async function write(batch: Batch, deadline: Deadline): Promise<Delivery> {
    const fresh = seriesOf(batch, settings);
    const { series, omissions } = fresh;
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    const { post, traffic } = createPost(config, ports, deadline);

    // Never fresh series and markers in one request: to 1.0 receivers one bad sample spoils all of it.
    const pieces = [series, memory.markersFor(fresh)].flatMap((group) => chunks(group, config.seriesPerRequest));
    const settled = await deliver(pieces, (piece) => sendSeries(piece, timestampMs, dialect, post));
    memory.remember(outcomeOf(settled));

    const accepted = acceptedOf(settled);
    if (accepted > 0 && dialect.version() === '1.0') await sendMetadata(series, timestampMs, { memory, post, log });
    const problems = [...problemsOfOmissions(omissions, where), ...problemsOfDelivery(settled, where)];
    return { accepted, ...traffic, problems };
  }

  return {
    write: (batch, { deadline }) => write(batch, deadline),
    preview: (batch) => previewOf(seriesOf(batch, settings), batch.collectedAtMs, config, { intervalMs, where }),
  };
};
