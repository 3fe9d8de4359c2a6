/** Lines of a price as text in columns. */
import type { CostLine } from '../sinks/sink.ts';
import { hasUnknownPrice, sumCost } from './monthly-cost.ts';

/** One line an item, and their sum. */
export function formatCostTable(lines: readonly CostLine[]): readonly string[] {
  const rows = [
    ...lines,
    { item: 'total', usd: sumCost(lines), basis: hasUnknownPrice(lines) ? 'without what has no published price' : '' },
  ].map(({ item, usd, basis }) => ({
    item,
    usd: usd === undefined ? 'not known' : formatAmount(usd),
    basis,
  }));
  const measureWidth = (texts: readonly string[]): number =>
    texts.reduce((most, text) => Math.max(most, text.length), 0);
  const items = measureWidth(rows.map(({ item }) => item));
  const amounts = measureWidth(rows.map(({ usd }) => usd));
  return rows.map(({ item, usd, basis }) => `${item.padEnd(items)}  ${usd.padStart(amounts)}  ${basis}`.trimEnd());
}

function formatAmount(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
