/** What a configuration would cost with a fleet of a given size, without a look at any CI system. */
import type { CollectorConfig } from '../config/schema.ts';
import { memoryStore } from '../counters/stores/memory-store.ts';
import { workingSinks } from '../run.ts';
import { createRedactor } from '../secrets/redaction/redactor.ts';
import { prepareSink } from '../sinks/index.ts';
import { prepareSource } from '../sources/index.ts';
import { type BuiltPipeline, buildPipeline } from '../wiring.ts';
import type { AlarmCount } from './lines/alarm-lines.ts';
import { eventsAnHour } from './lines/event-lines.ts';
import { type ExpectedRun, expectedRun } from './expected/expected-run.ts';
import type { Fleet } from './fleet.ts';
import type { Deployed, SinkPreview } from './monthly-cost.ts';

export interface EstimateOptions {
  readonly fleetOf: (source: string) => Fleet;
  readonly alarms: AlarmCount | undefined;
}

/** Everything that the price of the configuration depends on. */
export async function expectedDeployment(
  config: CollectorConfig,
  { fleetOf, alarms }: EstimateOptions,
): Promise<Deployed> {
  const sources = config.sources.map((source) => prepareSource(source));
  const built = await builtForPreviews(config);
  try {
    const { collector } = config;
    const sinks = workingSinks(built.pipeline);
    const expected = expectedRun({ collector, sources, sinks, fleetOf: ({ name }) => fleetOf(name) });
    return {
      config,
      sources,
      sinks: config.sinks.map((sink) => prepareSink(sink)),
      report: expected.report,
      previews: await previewsOf(built, expected),
      stateBytes: expected.stateBytes,
      eventsAnHour: sources.reduce((sum, source) => sum + eventsAnHour([source], fleetOf(source.name)), 0),
      alarms,
    };
  } finally {
    await built.close();
  }
}

/** The sinks as they are deployed; nothing is sent, so that neither credentials nor a network are asked for. */
async function builtForPreviews(config: CollectorConfig): Promise<BuiltPipeline> {
  const ignore = (): void => undefined;
  return await buildPipeline(config, {
    variables: {},
    place: 'terminal',
    clock: Date.now,
    random: Math.random,
    redactor: createRedactor(),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    print: ignore,
    stateStore: () => Promise.resolve(memoryStore()),
  });
}

async function previewsOf({ pipeline }: BuiltPipeline, { batch }: ExpectedRun): Promise<readonly SinkPreview[]> {
  return await Promise.all(pipeline.sinks.map(async ({ id, sink }) => ({ id, preview: await sink.preview(batch) })));
}
