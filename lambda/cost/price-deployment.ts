/** What a deployment costs a month if all its runs are like that of a dry run, or why it has no price. */
import type { CollectorConfig } from '../config/schema.ts';
import type { RunReport } from '../report/report.ts';
import { prepareSink } from '../sinks/prepare-sink.ts';
import type { CostLine } from '../sinks/sink.ts';
import { prepareSource } from '../sources/prepare-source.ts';
import { countEventsAnHour } from './lines/event-lines.ts';
import { assumeFleet } from './fleet.ts';
import { computeMonthlyCost, type SinkPreview } from './monthly-cost.ts';
import { estimateStoredBytes } from './expected/state-size.ts';

/** What a deployment costs a month, or why there can be none. */
export type DeploymentPrice =
  { readonly lines: readonly CostLine[] } | { readonly refusals: readonly [string, ...string[]] };

/** What is never deployed has no price: some sinks need a process that lives on. */
export function priceAsDeployed(
  config: CollectorConfig,
  report: RunReport,
  previews: readonly SinkPreview[],
): DeploymentPrice {
  const sinks = config.sinks.map((sink) => prepareSink(sink));
  const [first, ...more] = sinks.flatMap(({ kind, name, notInFunction }) =>
    notInFunction === undefined ? [] : [`${kind}/${name}: ${notInFunction}`],
  );
  if (first !== undefined) return { refusals: [first, ...more] };
  const counting = report.sources.flatMap((source) => source.counting ?? []);
  const sources = config.sources.map((source) => prepareSource(source, config.prices));
  const lines = computeMonthlyCost({
    config,
    sources,
    sinks,
    report,
    previews,
    stateBytes: counting.map(({ stateBytes }) => estimateStoredBytes(stateBytes)),
    // One run says nothing of how much goes on in an hour.
    eventsAnHour: countEventsAnHour(sources, assumeFleet(config.deployment.fleet)),
    alarms: undefined,
  });
  return { lines };
}
