/** The form of a view, which turns a run into text, and what the views have in common. */
import { gatherRelayed, omitReduced } from '../../exposition/select-families.ts';
import type { Batch } from '../../model/batch.ts';
import type { MetricFamily } from '../../model/metric.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import { mapHealth } from '../../report/map-health.ts';
import type { Outcome, RunReport } from '../../report/report.ts';
import type { Collected } from '../../run.ts';
import type { DeploymentPrice } from '../../cost/price-deployment.ts';
import type { SinkPreview } from '../../cost/monthly-cost.ts';
import type { PlannedSource } from '../render/dry-run.ts';

/** One run as it went. */
export interface ShownRun {
  readonly report: RunReport;
  /** Absent when no sink was reached. */
  readonly batch: Batch | undefined;
}

/** One dry run: what was read, and what each sink would send of it. */
export interface ShownDryRun {
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
  renderRun(run: ShownRun): Promise<string>;
  renderDryRun(run: ShownDryRun): Promise<string>;
}

/** Everything that is known after a run. The sinks got the health of the run before; here it is that of this one. */
export function collectFamilies({ report, batch }: ShownRun): readonly MetricFamily[] {
  return [...(batch?.sources ?? []).flatMap(({ families }) => omitReduced(families)), ...mapHealth(report)];
}

/** Series of other systems that the run passed on. */
export function collectRelayed({ batch }: ShownRun): readonly RelayedFamily[] {
  return batch === undefined ? [] : gatherRelayed(batch);
}
