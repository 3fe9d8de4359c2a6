/** Writes a table of the benchmark's figures. */
import { findGreatest } from '../../../lambda/model/lists/extremes.ts';
/** Aligned columns: the first to the left, as a name, the others to the right, as numbers. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head] = rows;
  const widths = (head ?? []).map((_, column) => findGreatest(rows.map((row) => (row[column] ?? '').length)) ?? 0);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
