import { selects } from '../../config/glob.ts';
import { whereOf } from '../../http/where.ts';
import type { Batch } from '../../model/batch.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import { type SeriesSettings, seriesOf } from './batch-series.ts';
import type { RemoteWriteConfig } from './config.ts';
import { deliver } from './deliver.ts';
import { createDialect } from './dialect.ts';
import { createMemory } from './memory.ts';
import { sendMetadata } from './metadata.ts';
import { piecesOfRun } from './pieces.ts';
import { createPost } from './post.ts';
import { previewOf } from './preview.ts';
import { problemsOfDelivery, problemsOfOmissions } from './problems.ts';
import { sendSeries, type Settled } from './send.ts';
import { createSuspects } from './suspects.ts';
import { counting } from './tally.ts';

export const createRemoteWrite: CreateSink<RemoteWriteConfig> = (config, ports) => {
  const { log, collector, intervalMs } = ports;
  const where = `remote-write/${config.name} ${whereOf('POST', new URL(config.url))}`;
  const settings: SeriesSettings = {
    labels: { collector, ...config.labels },
    selects: selects(config.metrics ?? {}),
    exemplars: config.exemplars,
  };
  const memory = createMemory({ dated: config.markDatedSeries });
  const suspects = createSuspects();
  const size = createRequestSize(config.seriesPerRequest);
  const dialect = createDialect(config, ({ status }) => {
    log.warn('the receiver does not speak remote write 2.0; 1.0 is used from now on', { sink: config.name, status });
  });

  async function write(batch: Batch, deadline: Deadline): Promise<Delivery> {
    const fresh = seriesOf(batch, settings);
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    const { post, traffic } = createPost(config, ports, deadline);
    const { note, tally } = counting();
    const run = memory.startRun();

    const suspected = suspects.startRun();
    const pieces = piecesOfRun({
      names: fresh.names,
      suspects,
      recognise: run.recognised,
      markers: isAnySkipped(batch) ? () => [] : run.markers,
      size: size.series,
    });
    await deliver(
      pieces,
      (piece) => sendSeries(piece, timestampMs, dialect, post),
      (settled) => {
        for (const observer of [{ note }, run, suspected, size]) observer.note(settled);
      },
    );
    run.commit();
    suspected.commit();

    const { accepted } = tally();
    if (accepted > 0 && dialect.version() === '1.0') {
      await sendMetadata(fresh.families(), timestampMs, { memory, post, log });
    }
    const problems = [...problemsOfOmissions(fresh.omissions(), where), ...problemsOfDelivery(tally(), where)];
    return { accepted, ...traffic, problems };
  }

  return {
    write: (batch, { deadline }) => write(batch, deadline),
    preview: (batch) => previewOf(seriesOf(batch, settings), batch.collectedAtMs, config, { intervalMs, where }),
  };
};

interface RequestSize {
  /** Series in the next request. */
  readonly series: () => number;
  readonly note: (settled: Settled) => void;
}

/** A receiver that finds a request too large (413) gets half as much in later ones, for as long as the process lives. */
function createRequestSize(configured: number): RequestSize {
  let current = configured;
  return {
    series: () => current,
    note: ({ series, verdict }) => {
      const isTooLarge = verdict.outcome === 'refused' && verdict.error.status === 413;
      if (isTooLarge) current = Math.min(current, Math.ceil(series.length / 2));
    },
  };
}

/** What another invocation publishes for this tick has not ended, and which series those are is not known here. */
function isAnySkipped({ parts }: Batch): boolean {
  return parts.some(({ status }) => status === 'skipped');
}
