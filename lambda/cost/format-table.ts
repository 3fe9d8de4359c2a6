/** Lines of a price as text in columns. */
import type { CostLine } from '../sinks/sink.ts';
import { hasUnknown, totalOf } from './monthly-cost.ts';

/** One line an item, and their sum. */
export function costTable(lines: readonly CostLine[]): readonly string[] {
  const rows = [
    ...lines,
    { item: 'total', usd: totalOf(lines), basis: hasUnknown(lines) ? 'without what has no published price' : '' },
  ].map(({ item, usd, basis }) => ({
    item,
    usd: usd === undefined ? 'not known' : amountOf(usd),
    basis,
  }));
  const width = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, text.length), 0);
  const items = width(rows.map(({ item }) => item));
  const amounts = width(rows.map(({ usd }) => usd));
  return rows.map(({ item, usd, basis }) => `${item.padEnd(items)}  ${usd.padStart(amounts)}  ${basis}`.trimEnd());
}

function amountOf(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
