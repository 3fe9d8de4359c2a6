import { allRelayed, unreduced } from '../../exposition/select-families.ts';
import type { Batch } from '../../model/batch.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import { healthFamilies } from '../../report/map-health.ts';
import type { Outcome, RunReport } from '../../report/report.ts';
import type { Collected } from '../../run.ts';
import type { DeploymentPrice } from '../../cost/price-deployment.ts';
import type { SinkPreview } from '../../cost/monthly-cost.ts';
import type { PlannedSource } from '../render/dry-run.ts';

/** One run as it went. */
export interface Ran {
  readonly report: RunReport;
  /** Absent when no sink was reached. */
  readonly batch: Batch | undefined;
}

/** One dry run: what was read, and what each sink would send of it. */
export interface Previewed {
  readonly collector: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly collected: Collected;
  readonly outcome: Outcome;
  readonly previews: readonly SinkPreview[];
  /** Of the sources that have to plan. */
  readonly plans: readonly PlannedSource[];
  /** Of a month in which each run is like this one; without alarms, which only the stack knows. */
  readonly price: DeploymentPrice;
}

/** A way to show runs on standard output. */
export interface View {
  ran(run: Ran): Promise<string>;
  previewed(run: Previewed): Promise<string>;
}

/** Everything that is known after a run. The sinks got the health of the run before; here it is that of this one. */
export function familiesOf({ report, batch }: Ran): readonly MetricFamily[] {
  return [...(batch?.parts ?? []).flatMap(({ families }) => unreduced(families)), ...healthFamilies(report)];
}

/** Series of other systems that the run passed on. */
export function relayedOf({ batch }: Ran): readonly RelayedFamily[] {
  return batch === undefined ? [] : allRelayed(batch);
}
