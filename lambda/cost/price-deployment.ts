/** What a configuration would cost if all runs were like one that was read, as a dry run does. */
import type { CollectorConfig } from '../config/schema.ts';
import type { RunReport } from '../report/report.ts';
import { prepareSink } from '../sinks/index.ts';
import type { CostLine } from '../sinks/sink.ts';
import { prepareSource } from '../sources/index.ts';
import { eventsAnHour } from './lines/event-lines.ts';
import { assumedFleet } from './fleet.ts';
import { monthlyCost, type SinkPreview } from './monthly-cost.ts';
import { storedBytesOf } from './expected/state-size.ts';

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
  const sources = config.sources.map((source) => prepareSource(source));
  const lines = monthlyCost({
    config,
    sources,
    sinks,
    report,
    previews,
    stateBytes: counting.map(({ stateBytes }) => storedBytesOf(stateBytes)),
    // One run says nothing of how much goes on in an hour.
    eventsAnHour: eventsAnHour(sources, assumedFleet(config.deployment.fleet)),
    alarms: undefined,
  });
  return { lines };
}
