/** Makes the sink: it remembers between warm runs what the receiver holds and which version it speaks. */
import { matchSelection } from '../../settings/glob.ts';
import { whereOf } from '../../http/where.ts';
import { type Batch, findSkippedSources } from '../../model/batch.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { deliver } from '../../series/delivery/deliver.ts';
import { createReceiverMemory } from '../../series/receiver-memory.ts';
import { cutRun, takeUntil } from '../../series/delivery/cut-requests.ts';
import { createRequestSize } from '../../series/delivery/request-size.ts';
import { createSuspects } from '../../series/delivery/suspects.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import { type SeriesSettings, encodeSeries } from './encode/encode-series.ts';
import type { RemoteWriteConfig } from './config.ts';
import { createDialect } from './send/dialect.ts';
import { examineWrite } from './send/examine-write.ts';
import { createMetadataSchedule, sendMetadata } from './send/metadata.ts';
import { createPost } from './send/post.ts';
import { previewSeries } from './preview.ts';
import { describeDelivery, describeOmissions } from './send/problems.ts';
import { sendSeries } from './send/send-series.ts';
import { nameOf, type Series, type SeriesFamily, createStaleMarker } from './encode/series.ts';
import { startTally } from './send/tally.ts';

export const createRemoteWrite: CreateSink<RemoteWriteConfig> = (config, ports) => {
  const { log, collector, intervalMs } = ports;
  const where = `remote-write/${config.name} ${whereOf('POST', new URL(config.url))}`;
  const settings: SeriesSettings = {
    labels: { collector, ...config.labels },
    selects: matchSelection(config.metrics ?? {}),
    exemplars: config.exemplars,
  };
  const memory = createReceiverMemory<SeriesFamily, Series>({
    dated: config.markDatedSeries,
    markerOf: createStaleMarker,
  });
  const metadata = createMetadataSchedule();
  const suspects = createSuspects(nameOf);
  const size = createRequestSize(config.seriesPerRequest);
  const dialect = createDialect(config, ({ status }) => {
    log.warn('the receiver does not speak remote write 2.0; 1.0 is used from now on', { sink: config.name, status });
  });

  async function write(batch: Batch, deadline: Deadline): Promise<Delivery> {
    const fresh = encodeSeries(batch, settings);
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    const { post, traffic } = createPost(config, ports, deadline);
    const { note, leave, tally } = startTally();
    let isLost = false;
    const run = memory.startRun();
    // What another invocation publishes has not ended, and which series those are is not known here.
    const canEnd = findSkippedSources(batch).length === 0;

    const suspected = suspects.startRun();
    const pieces = cutRun({
      // Series that will not be sent are only counted: making them could take longer than the run has.
      names: takeUntil(() => isLost, fresh.names),
      suspects,
      recognise: run.recognise,
      markers: () => (isLost || !canEnd ? [] : run.collectMarkers()),
      size: size.samples,
    });
    await deliver({
      pieces,
      samplesIn: (piece) => piece,
      send: (piece) => sendSeries(piece, timestampMs, dialect, post),
      note: (settled) => {
        isLost ||= settled.reception.outcome === 'undelivered';
        for (const observer of [{ note }, run, suspected, size]) observer.note(settled);
      },
      signal: deadline.signal,
    });
    leave(fresh.countUnwalked());
    run.commit();
    suspected.commit();

    const { accepted } = tally();
    if (accepted > 0 && dialect.version() === '1.0')
      await sendMetadata(fresh.families(), timestampMs, { schedule: metadata, post, log, where });
    const problems = [...describeOmissions(fresh.omissions(), where), ...describeDelivery(tally(), where)];
    return { accepted, ...traffic, problems };
  }

  return {
    write: (batch, { deadline }) => write(batch, deadline),
    examine: ({ deadline }) => examineWrite({ config, ports, dialect, where, deadline }),
    preview: (batch) =>
      previewSeries(encodeSeries(batch, settings), batch.collectedAtMs, config, { intervalMs, where }),
  };
};
