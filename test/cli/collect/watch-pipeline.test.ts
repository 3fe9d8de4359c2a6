/** Tests of the wrapper that reports how far each source and sink of a running pipeline has come. */
import { describe, expect, it } from 'vitest';
import { watchPipeline } from '../../../lambda/cli/collect/watch-pipeline.ts';
import type { Pipeline } from '../../../lambda/pipeline.ts';
import { createDeadline } from '../../../lambda/runtime/deadline.ts';
import { run } from '../../../lambda/run.ts';
import { fleet, tickMs } from '../samples.ts';

const silent = () => undefined;
const delivery = { accepted: 1, requests: 1, bytes: 1, problems: [] };
const preview = { samples: 0, requests: 0, bytes: 0, lines: ['line'], monthlyCost: [], problems: [] };

function pipelineOf(collect: Pipeline['sources'][number]['source']['collect']): Pipeline {
  const meter = { attempts: new Map<string, number>(), bytesSent: 0, bytesReceived: 0 };
  return {
    collector: 'test',
    maxSeriesPerMetric: 500,
    sources: [
      {
        id: 'a/source',
        system: 'a',
        name: 'source',
        metrics: [],
        needsState: false,
        source: { collect },
        takeMeter: () => meter,
        readClocks: () => [],
      },
    ],
    sinks: [{ id: 'b/sink', name: 'sink', sink: { write: () => Promise.resolve(delivery), preview: () => preview } }],
    prefetchSecrets: () => Promise.resolve(),
    clock: Date.now,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };
}

async function watch(pipeline: Pipeline) {
  const events: string[] = [];
  const looking = watchPipeline(pipeline, {
    noteStart: (id) => events.push(`${id} started`),
    noteEnd: (id) => events.push(`${id} ended`),
    noteBatch: ({ sources: parts }) => events.push(`collected ${parts.map(({ source }) => source).join()}`),
  });
  using deadline = createDeadline(60_000, Date.now);
  const report = await run(looking, { deadline, tickMs });
  return { events, report, looking };
}

describe('a watched pipeline', () => {
  it('tells of each part and of the batch, and runs as before', async () => {
    const pipeline = pipelineOf(() => Promise.resolve({ families: fleet.sources[0]?.families ?? [], problems: [] }));

    const { events, report, looking } = await watch(pipeline);

    expect(events).toEqual([
      'a/source started',
      'a/source ended',
      'collected source',
      'b/sink started',
      'b/sink ended',
    ]);
    expect(report.outcome).toBe('ok');
    expect(await looking.sinks[0]?.sink.preview(fleet)).toEqual(preview);
  });

  it('tells the end of a part that throws', async () => {
    const { events, report } = await watch(pipelineOf(() => Promise.reject(new Error('broken'))));

    expect(events.slice(0, 2)).toEqual(['a/source started', 'a/source ended']);
    expect(report.sources[0]?.problems[0]?.kind).toBe('bug');
  });
});
