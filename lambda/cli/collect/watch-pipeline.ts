import type { Batch } from '../../model/batch.ts';
import type { Pipeline } from '../../pipeline.ts';

export interface Watcher {
  /** A source or sink begins its work. */
  readonly started?: (id: string) => void;
  readonly ended?: (id: string) => void;
  /** What the sources gave, seen on its way to the sinks. */
  readonly collected?: (batch: Batch) => void;
}

/** The same pipeline with somebody looking on. */
export function watched(pipeline: Pipeline, watcher: Watcher): Pipeline {
  const during = async <Value>(id: string, work: () => Promise<Value>): Promise<Value> => {
    watcher.started?.(id);
    try {
      return await work();
    } finally {
      watcher.ended?.(id);
    }
  };
  return {
    ...pipeline,
    sources: pipeline.sources.map((configured) => ({
      ...configured,
      source: { collect: (context) => during(configured.id, () => configured.source.collect(context)) },
    })),
    sinks: pipeline.sinks.map((configured) => ({
      ...configured,
      sink: {
        ...configured.sink,
        write: (batch, context) => {
          watcher.collected?.(batch);
          return during(configured.id, () => configured.sink.write(batch, context));
        },
      },
    })),
  };
}
