/** Lets the command line watch a pipeline: when each part begins and ends, and what was collected. */
import type { Batch } from '../../model/batch.ts';
import type { Pipeline } from '../../pipeline.ts';

export interface Watcher {
  /** A source or sink begins its work. */
  readonly noteStart?: (id: string) => void;
  readonly noteEnd?: (id: string) => void;
  /** What the sources gave, seen on its way to the sinks. */
  readonly noteBatch?: (batch: Batch) => void;
}

/** The same pipeline, which calls the watcher when a source or sink begins and ends, and with what was collected. */
export function watchPipeline(pipeline: Pipeline, watcher: Watcher): Pipeline {
  const watchWork = async <Value>(id: string, work: () => Promise<Value>): Promise<Value> => {
    watcher.noteStart?.(id);
    try {
      return await work();
    } finally {
      watcher.noteEnd?.(id);
    }
  };
  return {
    ...pipeline,
    sources: pipeline.sources.map((configured) => ({
      ...configured,
      source: { collect: (context) => watchWork(configured.id, () => configured.source.collect(context)) },
    })),
    sinks: pipeline.sinks.map((configured) => ({
      ...configured,
      sink: {
        ...configured.sink,
        write: (batch, context) => {
          watcher.noteBatch?.(batch);
          return watchWork(configured.id, () => configured.sink.write(batch, context));
        },
      },
    })),
  };
}
