/** Shows a run as tables, for people. */
import type { Clock } from '../../runtime/clock.ts';
import { mapQueueRows } from '../../model/figures/queue-rows.ts';
import type { DeploymentPrice } from '../../cost/price-deployment.ts';
import { hasUnknownPrice, sumCost } from '../../cost/monthly-cost.ts';
import { renderCost, renderPlan, renderPreview } from '../render/dry-run.ts';
import { formatUsd } from '../render/figures.ts';
import type { Theme } from '../render/theme.ts';
import { renderQueues, renderTotals } from '../render/queues.ts';
import { renderAllProblems, renderHeadline, renderSinks, renderSources } from '../render/report.ts';
import { describeStatus } from '../render/signs.ts';
import { joinParagraphs } from '../render/paragraphs.ts';
import { makePrintable } from '../render/text-width.ts';
import type { ShownDryRun, ShownRun, View } from './view.ts';

/** For people: the queues, how each source and sink did, and what is wrong. */
export function createTableView(theme: Theme, clock: Clock): View {
  return {
    renderRun: (run) => Promise.resolve(renderRun(run, theme, clock())),
    renderDryRun: (run) => Promise.resolve(renderDryRun(run, theme, clock())),
  };
}

function renderRun({ report, batch }: ShownRun, theme: Theme, nowMs: number): string {
  const rows = batch === undefined ? [] : mapQueueRows(batch);
  return joinParagraphs([
    [renderHeadline(report, theme)],
    renderQueues(rows, theme),
    rows.length > 1 ? renderTotals(rows, theme.columns) : [],
    renderSources(report.sources, theme),
    renderSinks(report.sinks, theme),
    renderAllProblems(report, theme, nowMs),
  ]);
}

function renderDryRun(run: ShownDryRun, theme: Theme, nowMs: number): string {
  return joinParagraphs([
    renderQueues(mapQueueRows(run.collected.batch), theme),
    renderSources(run.collected.sources, theme),
    renderAllProblems(run.collected, theme, nowMs),
    ...run.plans.map((plan) => renderPlan(plan, theme)),
    ...run.previews.map((preview) => renderPreview(preview, theme, nowMs)),
    'lines' in run.price
      ? renderCost(run.price.lines, theme)
      : run.price.refusals.map((why) => `no price: ${makePrintable(why)}`),
    [renderDryRunStatus(run, theme)],
  ]);
}

function renderDryRunStatus({ outcome, price }: ShownDryRun, { paint, signs }: Theme): string {
  const { text, style } = describeStatus(outcome, signs);
  return `${paint(style, text)}  dry run: nothing was sent; ${formatPrice(price)}`;
}

function formatPrice(price: DeploymentPrice): string {
  if ('refusals' in price) return 'as it stands it cannot be deployed, so that it has no price';
  const total = `${formatUsd(sumCost(price.lines))} a month at list price`;
  return `deployed it would cost ${total}, without alarms${hasUnknownPrice(price.lines) ? ' and what has no published price' : ''}`;
}
