import { selects } from '../../config/glob.ts';
import { whereOf } from '../../http/where.ts';
import type { Batch } from '../../model/batch.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { deliver } from '../../series/deliver.ts';
import { createMemory } from '../../series/receiver-memory.ts';
import { piecesOfRun, until } from '../../series/cut-requests.ts';
import { createRequestSize } from '../../series/request-size.ts';
import { createSuspects } from '../../series/suspects.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import { type SeriesSettings, seriesOf } from './encode/encode-series.ts';
import type { RemoteWriteConfig } from './config.ts';
import { createDialect } from './send/dialect.ts';
import { createMetadataSchedule, sendMetadata } from './send/metadata.ts';
import { createPost } from './send/post.ts';
import { previewOf } from './preview.ts';
import { problemsOfDelivery, problemsOfOmissions } from './send/problems.ts';
import { sendSeries } from './send/send-series.ts';
import { nameOf, type Series, type SeriesFamily, staleMarker } from './encode/series.ts';
import { counting } from './send/tally.ts';

export const createRemoteWrite: CreateSink<RemoteWriteConfig> = (config, ports) => {
  const { log, collector, intervalMs } = ports;
  const where = `remote-write/${config.name} ${whereOf('POST', new URL(config.url))}`;
  const settings: SeriesSettings = {
    labels: { collector, ...config.labels },
    selects: selects(config.metrics ?? {}),
    exemplars: config.exemplars,
  };
  const memory = createMemory<SeriesFamily, Series>({ dated: config.markDatedSeries, markerOf: staleMarker });
  const metadata = createMetadataSchedule();
  const suspects = createSuspects(nameOf);
  const size = createRequestSize(config.seriesPerRequest);
  const dialect = createDialect(config, ({ status }) => {
    log.warn('the receiver does not speak remote write 2.0; 1.0 is used from now on', { sink: config.name, status });
  });

  async function write(batch: Batch, deadline: Deadline): Promise<Delivery> {
    const fresh = seriesOf(batch, settings);
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    const { post, traffic } = createPost(config, ports, deadline);
    const { note, leave, tally } = counting();
    let isLost = false;
    const run = memory.startRun();

    const suspected = suspects.startRun();
    const pieces = piecesOfRun({
      // Series that nobody will send are only counted: to make them could take longer than the run has.
      names: until(() => isLost, fresh.names),
      suspects,
      recognise: run.recognised,
      markers: () => (isLost || isAnySkipped(batch) ? [] : run.markers()),
      size: size.samples,
    });
    await deliver({
      pieces,
      samplesOf: (piece) => piece,
      send: (piece) => sendSeries(piece, timestampMs, dialect, post),
      note: (settled) => {
        isLost ||= settled.verdict.outcome === 'undelivered';
        for (const observer of [{ note }, run, suspected, size]) observer.note(settled);
      },
    });
    leave(fresh.unwalked());
    run.commit();
    suspected.commit();

    const { accepted } = tally();
    if (accepted > 0 && dialect.version() === '1.0') {
      await sendMetadata(fresh.families(), timestampMs, { schedule: metadata, post, log, where });
    }
    const problems = [...problemsOfOmissions(fresh.omissions(), where), ...problemsOfDelivery(tally(), where)];
    return { accepted, ...traffic, problems };
  }

  return {
    write: (batch, { deadline }) => write(batch, deadline),
    preview: (batch) => previewOf(seriesOf(batch, settings), batch.collectedAtMs, config, { intervalMs, where }),
  };
};

/** What another invocation publishes for this tick has not ended, and which series those are is not known here. */
function isAnySkipped({ parts }: Batch): boolean {
  return parts.some(({ status }) => status === 'skipped');
}
