/** The deployment that a price is computed of, for a fleet of a given size; no CI system is read. */
import type { CollectorConfig } from '../config/schema.ts';
import { createMemoryStateStore } from '../counters/stores/memory-store.ts';
import { assumeWorkingSinks } from '../run.ts';
import { createRedactor } from '../secrets/redaction/redactor.ts';
import { prepareSink } from '../sinks/prepare-sink.ts';
import { prepareSource } from '../sources/prepare-source.ts';
import { type BuiltPipeline, buildPipeline } from '../wiring.ts';
import type { AlarmCount } from './lines/alarm-lines.ts';
import { countEventsAnHour } from './lines/event-lines.ts';
import { type ExpectedRun, buildExpectedRun } from './expected/expected-run.ts';
import type { Fleet } from './fleet.ts';
import type { PricedDeployment, SinkPreview } from './monthly-cost.ts';

export interface EstimateOptions {
  readonly fleetOf: (source: string) => Fleet;
  readonly alarms: AlarmCount | undefined;
}

/** Everything that the price of the configuration depends on. */
export async function estimateDeployment(
  config: CollectorConfig,
  { fleetOf, alarms }: EstimateOptions,
): Promise<PricedDeployment> {
  const sources = config.sources.map((source) => prepareSource(source, config.prices));
  const built = await buildForPreviews(config);
  try {
    const { collector } = config;
    const sinks = assumeWorkingSinks(built.pipeline);
    const expected = buildExpectedRun({ collector, sources, sinks, fleetOf: ({ name }) => fleetOf(name) });
    return {
      config,
      sources,
      sinks: config.sinks.map((sink) => prepareSink(sink)),
      report: expected.report,
      previews: await previewSinks(built, expected),
      stateBytes: expected.stateBytes,
      eventsAnHour: sources.reduce((sum, source) => sum + countEventsAnHour([source], fleetOf(source.name)), 0),
      alarms,
    };
  } finally {
    await built.close();
  }
}

/** The sinks as they are deployed; nothing is sent, so that neither credentials nor a network are asked for. */
async function buildForPreviews(config: CollectorConfig): Promise<BuiltPipeline> {
  const ignore = (): void => undefined;
  return await buildPipeline(config, {
    variables: {},
    runtime: 'terminal',
    clock: Date.now,
    random: Math.random,
    redactor: createRedactor(),
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    print: ignore,
    stateStore: () => Promise.resolve(createMemoryStateStore()),
  });
}

async function previewSinks({ pipeline }: BuiltPipeline, { batch }: ExpectedRun): Promise<readonly SinkPreview[]> {
  return await Promise.all(pipeline.sinks.map(async ({ id, sink }) => ({ id, preview: await sink.preview(batch) })));
}
