/** Shows a run as one JSON object on one line, for programs. */
import { gatherFamilies, gatherRelayed } from '../../exposition/select-families.ts';
import type { MetricFamily } from '../../model/metric.ts';
import { escapeUnseen } from '../../model/text/outside-text.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import { formatReport } from '../../report/write-report.ts';
import type { DeploymentPrice } from '../../cost/price-deployment.ts';
import { sumCost } from '../../cost/monthly-cost.ts';
import type { PlannedSource } from '../render/dry-run.ts';
import { collectFamilies, collectRelayed, type View } from './view.ts';

/** For programs: one object a run, the report with every sample. */
export function createJsonView(): View {
  return {
    renderRun: (run) =>
      Promise.resolve(
        formatLine({ ...formatReport(run.report), samples: mapSamples(collectFamilies(run), collectRelayed(run)) }),
      ),
    renderDryRun: ({ collected, previews, plans, price, ...run }) => {
      const { batch, sources } = collected;
      const report = formatReport({ ...run, tickMs: batch.tickMs, sources, sinks: [] });
      const sinks = previews.map(({ id, preview }) => ({
        sink: id,
        ...preview,
        monthlyUsd: sumCost(preview.monthlyCost),
      }));
      return Promise.resolve(
        formatLine({
          dryRun: true,
          ...report,
          sinks,
          ...mapPrice(price),
          plans: mapPlans(plans),
          samples: mapSamples(gatherFamilies(batch), gatherRelayed(batch)),
        }),
      );
    },
  };
}

/** What cannot be deployed has no price, not one of 0. */
function mapPrice(price: DeploymentPrice): object {
  if ('refusals' in price) return { notDeployable: price.refusals };
  return { monthlyCost: price.lines, monthlyUsd: sumCost(price.lines) };
}

function mapPlans(plans: readonly PlannedSource[]): readonly object[] {
  return plans.map(({ id, plan }) => ({ source: id, ...plan }));
}

function mapSamples(families: readonly MetricFamily[], relayed: readonly RelayedFamily[]): readonly object[] {
  const own = families.flatMap(({ definition: { name, unit }, type, samples }) =>
    samples.map((sample) => ({ metric: name, type, unit, ...sample })),
  );
  const passedOn = relayed.flatMap(({ type, samples }) =>
    samples.map(({ name, ...sample }) => ({ metric: name, type, ...sample })),
  );
  return [...own, ...passedOn];
}

/** What would act on a screen is written as JSON's own escape of it, so that a program reads what was there. */
function formatLine(value: object): string {
  return `${escapeUnseen(JSON.stringify(value))}\n`;
}
