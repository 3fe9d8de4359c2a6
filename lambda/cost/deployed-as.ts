/** What a configuration would cost if all runs were like one that was read, as a dry run does. */
import type { CollectorConfig } from '../config/schema.ts';
import type { RunReport } from '../report/report.ts';
import { prepareSink } from '../sinks/index.ts';
import { prepareSource } from '../sources/index.ts';
import { eventsAnHour } from './event-lines.ts';
import { assumedFleet } from './fleet.ts';
import type { Deployed, SinkPreview } from './monthly-cost.ts';
import { storedBytesOf } from './state-size.ts';

export function deployedAs(config: CollectorConfig, report: RunReport, previews: readonly SinkPreview[]): Deployed {
  const counting = report.sources.flatMap((source) => source.counting ?? []);
  const sources = config.sources.map((source) => prepareSource(source));
  return {
    config,
    sources,
    sinks: config.sinks.map((sink) => prepareSink(sink)),
    report,
    previews,
    stateBytes: counting.map(({ stateBytes }) => storedBytesOf(stateBytes)),
    // One run says nothing of how much goes on in an hour.
    eventsAnHour: eventsAnHour(sources, assumedFleet(config.deployment.fleet)),
    alarms: undefined,
  };
}
