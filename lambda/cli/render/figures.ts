/** Writes numbers, sizes, prices and counts for people. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** Shown where a figure is not known: never 0. */
export const unknown = '–';

/** `12,345`, or a dash where nothing is known. */
export function formatNumber(value: number | undefined): string {
  return value === undefined ? unknown : grouped.format(value);
}

/** `840 B`, `12.3 kB`, `4.1 MB`: decimal units, as prices and limits are counted. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function formatUsd(usd: number): string {
  return `$${formatAmount(usd)}`;
}

/** `1,234.50`, of money in any currency. */
export function formatAmount(amount: number): string {
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** `1 queue`, `2 queues`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}
