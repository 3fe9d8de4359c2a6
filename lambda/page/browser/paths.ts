/** Turns past figures into SVG paths of 100 by 24 units; where nothing is known there is a gap. */
import type { Figure } from '../messages.ts';

const width = 100;
/** The line keeps half of its own width away from the edges. */
const [top, bottom] = [2, 23];

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Stretches of neighbours that are known. `slots`: how many figures the width has room for. */
function listStretches(figures: readonly Figure[], slots: number): readonly (readonly Point[])[] {
  const room = Math.max(2, slots);
  const shown = figures.slice(-room);
  const greatest = shown.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const stretches: Point[][] = [];
  let current: Point[] | undefined;
  for (const [index, value] of shown.entries()) {
    if (value === null) {
      current = undefined;
      continue;
    }
    if (current === undefined) stretches.push((current = []));
    const x = ((room - shown.length + index) / (room - 1)) * width;
    const y = greatest === 0 ? bottom : bottom - (value / greatest) * (bottom - top);
    current.push({ x, y });
  }
  return stretches;
}

/** A single point becomes a short stroke, because a line of one point has no length. */
export function buildLine(figures: readonly Figure[], slots: number): string {
  return listStretches(figures, slots)
    .map((points) =>
      points.length === 1
        ? points.flatMap(({ x, y }) => [
            { x: x - 1, y },
            { x, y },
          ])
        : points,
    )
    .map(connect)
    .join('');
}

export function buildArea(figures: readonly Figure[], slots: number): string {
  return listStretches(figures, slots)
    .map((points) => {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) return '';
      return `${connect(points)}L${round(last.x)} 24L${round(first.x)} 24Z`;
    })
    .join('');
}

function connect(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export interface Bar {
  readonly passed: number;
  readonly failed: number;
}

/** Adds the newest runs up into bars of equal length in runs; the newest bar is complete. */
export function collectBars(
  passed: readonly Figure[],
  failed: readonly Figure[],
  count: number,
  slots: number,
): readonly Bar[] {
  const each = Math.max(1, Math.ceil(slots / count));
  return Array.from({ length: count }, (_, index) => {
    const end = passed.length - (count - 1 - index) * each;
    const range = [Math.max(0, end - each), Math.max(0, end)] as const;
    return { passed: sum(passed.slice(...range)), failed: sum(failed.slice(...range)) };
  });
}

function sum(figures: readonly Figure[]): number {
  return figures.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** Bars side by side, of which `choose` gives the lower and the upper end. */
export function buildBars(bars: readonly Bar[], choose: (bar: Bar) => readonly [from: number, to: number]): string {
  const most = bars.reduce((greatest, { passed, failed }) => Math.max(greatest, passed + failed), 0);
  const step = width / bars.length;
  return bars
    .map((bar, index) => {
      const [from, to] = choose(bar);
      if (to <= from) return '';
      const [y1, y2] = [from, to].map((value) => round(24 - (value / most) * 22));
      return `M${round(index * step + step * 0.15)} ${String(y1)}h${round(step * 0.7)}V${String(y2)}h-${round(step * 0.7)}Z`;
    })
    .join('');
}
