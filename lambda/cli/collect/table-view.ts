import type { Clock } from '../../runtime/clock.ts';
import { queueRows } from '../render/queue-rows.ts';
import type { DeploymentPrice } from '../../cost/price-deployment.ts';
import { hasUnknown, totalOf } from '../../cost/monthly-cost.ts';
import { renderCost, renderPlan, renderPreview } from '../render/dry-run.ts';
import { formatUsd } from '../render/figures.ts';
import type { Look } from '../render/theme.ts';
import { renderQueues, renderTotals } from '../render/queues.ts';
import { renderAllProblems, renderHeadline, renderSinks, renderSources } from '../render/report.ts';
import { verdict } from '../render/signs.ts';
import { printable } from '../render/text-width.ts';
import type { Previewed, Ran, View } from './view.ts';

/** For people: the queues, how each source and sink did, and what is wrong. */
export function tableView(look: Look, clock: Clock): View {
  return {
    ran: (run) => Promise.resolve(ranText(run, look, clock())),
    previewed: (run) => Promise.resolve(previewedText(run, look, clock())),
  };
}

function ranText({ report, batch }: Ran, look: Look, nowMs: number): string {
  const rows = batch === undefined ? [] : queueRows(batch);
  return paragraphs([
    [renderHeadline(report, look)],
    renderQueues(rows, look),
    rows.length > 1 ? renderTotals(rows, look.columns) : [],
    renderSources(report.sources, look),
    renderSinks(report.sinks, look),
    renderAllProblems(report, look, nowMs),
  ]);
}

function previewedText(run: Previewed, look: Look, nowMs: number): string {
  return paragraphs([
    renderQueues(queueRows(run.collected.batch), look),
    renderSources(run.collected.sources, look),
    renderAllProblems(run.collected, look, nowMs),
    ...run.plans.map((plan) => renderPlan(plan, look)),
    ...run.previews.map((preview) => renderPreview(preview, look, nowMs)),
    'lines' in run.price
      ? renderCost(run.price.lines, look)
      : run.price.refusals.map((why) => `no price: ${printable(why)}`),
    [dryRunVerdict(run, look)],
  ]);
}

function dryRunVerdict({ outcome, price }: Previewed, { paint, signs }: Look): string {
  const { text, style } = verdict(outcome, signs);
  return `${paint(style, text)}  dry run: nothing was sent; ${priceText(price)}`;
}

function priceText(price: DeploymentPrice): string {
  if ('refusals' in price) return 'as it stands it cannot be deployed, so that it has no price';
  const total = `${formatUsd(totalOf(price.lines))} a month at list price`;
  return `deployed it would cost ${total}, without alarms${hasUnknown(price.lines) ? ' and what has no published price' : ''}`;
}

function paragraphs(groups: readonly (readonly string[])[]): string {
  const filled = groups.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
