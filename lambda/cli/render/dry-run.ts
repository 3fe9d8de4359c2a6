/** Writes what a dry run shows: the plans of sources, what sinks would send, and the price. */
import { type SinkPreview, sumCost } from '../../cost/monthly-cost.ts';
import type { CostLine } from '../../sinks/sink.ts';
import type { SourcePlan } from '../../sources/source.ts';
import { type Column, renderTable } from './table.ts';
import { makePrintable } from './text-width.ts';
import { formatCount, formatBytes, formatUsd } from './figures.ts';
import type { Theme } from './theme.ts';
import { renderProblems } from './problems.ts';

export interface PlannedSource {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly plan: SourcePlan;
}

/** How a source spends what it may spend, such as the requests of its credential. */
export function renderPlan({ id, plan }: PlannedSource, { paint }: Theme): readonly string[] {
  const columns = plan.columns.map((title, index) => (index === 0 ? { title } : alignRight(title)));
  const rows = plan.rows.map((row) => row.map((text) => ({ text })));
  return [
    `${paint('heading', makePrintable(id))} ${makePrintable(plan.title)}`,
    ...renderTable(columns, rows, { paint, indent: 2 }),
  ];
}

function alignRight(title: string): Column {
  return { title, align: 'right' };
}

/** What one sink would send, line by line, and what it would leave out. */
export function renderPreview({ id, preview }: SinkPreview, theme: Theme, nowMs: number): readonly string[] {
  const { samples, requests, bytes, lines, problems } = preview;
  const size = `${formatCount(samples, 'sample')} in ${formatCount(requests, 'request')}, ${formatBytes(bytes)}`;
  return [
    `${theme.paint('heading', makePrintable(id))} would send ${size}`,
    ...lines.map((line) => `  ${makePrintable(line)}`),
    ...renderProblems(problems, theme, nowMs).map((line) => `  ${line}`),
  ];
}

/** What a month of such runs costs once it is deployed. */
export function renderCost(cost: readonly CostLine[], { paint }: Theme): readonly string[] {
  const rows = cost.map(({ item, usd, basis }) => [
    { text: item },
    { text: usd === undefined ? 'not known' : formatUsd(usd) },
    { text: basis },
  ]);
  const total = [{ text: 'total' }, { text: formatUsd(sumCost(cost)) }, { text: withoutAlarms }];
  const columns = [{ title: 'COST A MONTH' }, { title: 'USD', align: 'right' }, { title: 'BASIS' }] as const;
  return renderTable(columns, [...rows, total], { paint, indent: 0 });
}

/** They are parts of the stack. */
const withoutAlarms = 'without alarms, which cdk synth counts';
