import { selects } from '../../config/glob.ts';
import { whereOf } from '../../http/where.ts';
import type { Batch } from '../../model/batch.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import type { CreateSink, Delivery } from '../sink.ts';
import { type SeriesOfBatch, type SeriesSettings, seriesOf } from './batch-series.ts';
import type { RemoteWriteConfig } from './config.ts';
import { deliver, piecesOf } from './deliver.ts';
import { createMemory, type RunMemory } from './memory.ts';
import { sendMetadata } from './metadata.ts';
import { createPost } from './post.ts';
import { previewOf } from './preview.ts';
import { problemsOfDelivery, problemsOfOmissions } from './problems.ts';
import { createDialect, sendSeries } from './send.ts';
import type { Series } from './series.ts';
import { counting } from './tally.ts';

export const createRemoteWrite: CreateSink<RemoteWriteConfig> = (config, ports) => {
  const { log, collector, intervalMs } = ports;
  const where = `remote-write/${config.name} ${whereOf('POST', new URL(config.url))}`;
  const settings: SeriesSettings = {
    labels: { collector, ...config.labels },
    selects: selects(config.metrics ?? {}),
    exemplars: config.exemplars,
  };
  const memory = createMemory();
  const dialect = createDialect(config.version, ({ status }) => {
    log.warn('the receiver does not speak remote write 2.0; 1.0 is used from now on', { sink: config.name, status });
  });

  async function write(batch: Batch, deadline: Deadline): Promise<Delivery> {
    const fresh = seriesOf(batch, settings);
    const timestampMs = memory.nextTimestamp(batch.collectedAtMs);
    const { post, traffic } = createPost(config, ports, deadline);
    const { note, tally } = counting();
    const run = memory.startRun();

    const pieces = piecesOfRun(fresh, run, { size: config.seriesPerRequest, hasMarkers: !isAnySkipped(batch) });
    await deliver(
      pieces,
      (piece) => sendSeries(piece, timestampMs, dialect, post),
      (settled) => {
        note(settled);
        run.note(settled);
      },
    );
    run.commit();

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

interface PieceSettings {
  /** Series in one request. */
  readonly size: number;
  readonly hasMarkers: boolean;
}

/** Never fresh series and markers in one request: to 1.0 receivers one bad sample spoils all of it. */
function* piecesOfRun(
  { names }: SeriesOfBatch,
  { recognised, markers }: RunMemory,
  { size, hasMarkers }: PieceSettings,
): Generator<readonly Series[]> {
  yield* piecesOf(mapped(names, recognised), size);
  if (hasMarkers) yield* piecesOf([markers()], size);
}

function* mapped<Item, Result>(items: Iterable<Item>, map: (item: Item) => Result): Generator<Result> {
  for (const item of items) yield map(item);
}

/** What another invocation publishes for this tick has not ended, and which series those are is not known here. */
function isAnySkipped({ parts }: Batch): boolean {
  return parts.some(({ status }) => status === 'skipped');
}
