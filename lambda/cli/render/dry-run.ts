import { type SinkPreview, totalOf } from '../../cost/monthly-cost.ts';
import type { CostLine } from '../../sinks/sink.ts';
import type { SourcePlan } from '../../sources/source.ts';
import { type Column, table } from './table.ts';
import { printable } from './text-width.ts';
import { countOf, formatBytes, formatUsd } from './figures.ts';
import type { Look } from './theme.ts';
import { renderProblems } from './problems.ts';

export interface PlannedSource {
  /** `<kind>/<name in config>` */
  readonly id: string;
  readonly plan: SourcePlan;
}

/** How a source spends what it may spend, such as the requests of its credential. */
export function renderPlan({ id, plan }: PlannedSource, { paint }: Look): readonly string[] {
  const columns = plan.columns.map((title, index) => (index === 0 ? { title } : rightAligned(title)));
  const rows = plan.rows.map((row) => row.map((text) => ({ text })));
  return [`${paint('heading', printable(id))} ${printable(plan.title)}`, ...table(columns, rows, { paint, indent: 2 })];
}

function rightAligned(title: string): Column {
  return { title, align: 'right' };
}

/** What one sink would send, line by line, and what it would leave out. */
export function renderPreview({ id, preview }: SinkPreview, look: Look, nowMs: number): readonly string[] {
  const { samples, requests, bytes, lines, problems } = preview;
  const size = `${countOf(samples, 'sample')} in ${countOf(requests, 'request')}, ${formatBytes(bytes)}`;
  return [
    `${look.paint('heading', printable(id))} would send ${size}`,
    ...lines.map((line) => `  ${printable(line)}`),
    ...renderProblems(problems, look, nowMs).map((line) => `  ${line}`),
  ];
}

/** What a month of such runs costs once it is deployed. */
export function renderCost(cost: readonly CostLine[], { paint }: Look): readonly string[] {
  const rows = cost.map(({ item, usd, basis }) => [
    { text: item },
    { text: usd === undefined ? 'not known' : formatUsd(usd) },
    { text: basis },
  ]);
  const total = [{ text: 'total' }, { text: formatUsd(totalOf(cost)) }, { text: withoutAlarms }];
  const columns = [{ title: 'COST A MONTH' }, { title: 'USD', align: 'right' }, { title: 'BASIS' }] as const;
  return table(columns, [...rows, total], { paint, indent: 0 });
}

/** They are parts of the stack. */
const withoutAlarms = 'without alarms, which cdk synth counts';
