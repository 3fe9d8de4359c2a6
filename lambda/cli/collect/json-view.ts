import { allFamilies, allRelayed } from '../../exposition/select-families.ts';
import type { MetricFamily } from '../../model/metric.ts';
import { escapeUnseen } from '../../model/text/outside-text.ts';
import type { RelayedFamily } from '../../model/relayed.ts';
import { reportFields } from '../../report/write-report.ts';
import type { DeploymentPrice } from '../../cost/price-deployment.ts';
import { totalOf } from '../../cost/monthly-cost.ts';
import type { PlannedSource } from '../render/dry-run.ts';
import { familiesOf, relayedOf, type View } from './view.ts';

/** For programs: one object a run, the report with every sample. */
export function jsonView(): View {
  return {
    ran: (run) =>
      Promise.resolve(line({ ...reportFields(run.report), samples: samplesOf(familiesOf(run), relayedOf(run)) })),
    previewed: ({ collected, previews, plans, price, ...run }) => {
      const { batch, sources } = collected;
      const report = reportFields({ ...run, tickMs: batch.tickMs, sources, sinks: [] });
      const sinks = previews.map(({ id, preview }) => ({
        sink: id,
        ...preview,
        monthlyUsd: totalOf(preview.monthlyCost),
      }));
      return Promise.resolve(
        line({
          dryRun: true,
          ...report,
          sinks,
          ...priceFields(price),
          plans: plansOf(plans),
          samples: samplesOf(allFamilies(batch), allRelayed(batch)),
        }),
      );
    },
  };
}

/** What cannot be deployed has no price, not one of 0. */
function priceFields(price: DeploymentPrice): object {
  if ('refusals' in price) return { notDeployable: price.refusals };
  return { monthlyCost: price.lines, monthlyUsd: totalOf(price.lines) };
}

function plansOf(plans: readonly PlannedSource[]): readonly object[] {
  return plans.map(({ id, plan }) => ({ source: id, ...plan }));
}

function samplesOf(families: readonly MetricFamily[], relayed: readonly RelayedFamily[]): readonly object[] {
  const own = families.flatMap(({ definition: { name, unit }, type, samples }) =>
    samples.map((sample) => ({ metric: name, type, unit, ...sample })),
  );
  const passedOn = relayed.flatMap(({ type, samples }) =>
    samples.map(({ name, ...sample }) => ({ metric: name, type, ...sample })),
  );
  return [...own, ...passedOn];
}

/** What would act on a screen is written as JSON's own escape of it, so that a program reads what was there. */
function line(value: object): string {
  return `${escapeUnseen(JSON.stringify(value))}\n`;
}
