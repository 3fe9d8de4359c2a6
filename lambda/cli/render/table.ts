/** Lays out a table of texts and cuts it to the width of the terminal. */
import { findGreatest } from '../../model/lists/extremes.ts';
import type { Paint, Style } from './colour.ts';
import { cutToWidth, makePrintable, measureText } from './text-width.ts';

export interface Column {
  readonly title: string;
  /** Numbers are read by their last digit. */
  readonly align?: 'left' | 'right';
  /** Least width that the column may be cut to when the terminal is narrow; without it it is never cut. */
  readonly shrinksTo?: number;
  /** Left out where even the cut columns do not fit, the lowest first; without it the column always stays. */
  readonly givesWay?: number;
}

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface TableLayout {
  readonly paint: Paint;
  /** Width of the terminal; without it nothing is cut. */
  readonly columns?: number | undefined;
  readonly indent?: number;
}

const gap = '  ';

/** Lines of an aligned table, its header first. Cells are made printable, measured, and coloured last. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { paint, columns: available, indent = 0 }: TableLayout,
): readonly string[] {
  const header = columns.map(({ title }): Cell => ({ text: title, style: 'faint' }));
  const all = [header, ...rows].map((row) => row.map(({ text, style }) => ({ text: makePrintable(text), style })));
  const natural = columns.map((_, index) => findGreatest(all.map((row) => measureText(row[index]?.text ?? ''))) ?? 0);
  if (available === undefined) return all.map((row) => ' '.repeat(indent) + renderLine(columns, natural, row, paint));
  const kept = chooseColumns(columns, natural, available - indent);
  const pickKept = <Value>(values: readonly Value[]): readonly Value[] => values.filter((_, index) => kept.has(index));
  const widths = fitWidths(pickKept(columns), pickKept(natural), available - indent);
  return all.map((row) => ' '.repeat(indent) + renderLine(pickKept(columns), widths, pickKept(row), paint));
}

/** Indexes of the columns that are shown. */
function chooseColumns(columns: readonly Column[], natural: readonly number[], available: number): ReadonlySet<number> {
  const kept = new Set(columns.keys());
  const least = columns.map(({ shrinksTo }, index) => Math.min(natural[index] ?? 0, shrinksTo ?? Infinity));
  const sumWidths = (): number => [...kept].reduce((sum, index) => sum + (least[index] ?? 0) + gap.length, -gap.length);
  const optional = [...columns.entries()]
    .flatMap(([index, { givesWay }]) => (givesWay === undefined ? [] : [{ index, givesWay }]))
    .sort((a, b) => a.givesWay - b.givesWay);
  for (const { index } of optional) {
    if (sumWidths() <= available) break;
    kept.delete(index);
  }
  return kept;
}

function renderLine(columns: readonly Column[], widths: readonly number[], row: readonly Cell[], paint: Paint): string {
  const cells = columns.map(({ align = 'left' }, index) => {
    const { text, style } = row[index] ?? { text: '' };
    const cut = cutToWidth(text, widths[index] ?? 0);
    const space = ' '.repeat(Math.max(0, (widths[index] ?? 0) - measureText(cut)));
    const painted = style === undefined ? cut : paint(style, cut);
    if (align === 'right') return space + painted;
    // A line never ends in blanks: they wrap in a narrow terminal and show as differences in a diff.
    return isRestEmpty(row, index) ? painted : painted + space;
  });
  const last = cells.findLastIndex((_, index) => (row[index]?.text ?? '') !== '');
  return cells.slice(0, last + 1).join(gap);
}

function isRestEmpty(row: readonly Cell[], index: number): boolean {
  return row.slice(index + 1).every(({ text }) => text === '');
}

/** Takes what is missing from the columns that can be cut, the widest first. */
function fitWidths(columns: readonly Column[], natural: readonly number[], available: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap.length * (columns.length - 1) - available;
  while (excess > 0) {
    const widest = findWidest(columns, widths);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function findWidest(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let widest: number | undefined;
  for (const [index, { shrinksTo }] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (shrinksTo === undefined || width <= shrinksTo) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}
