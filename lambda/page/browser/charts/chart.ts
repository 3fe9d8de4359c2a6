/** One chart over time in a card, with a legend that tells the newest values or those under the pointer. */
import uPlot from 'uplot';
import type { Figure } from '../../messages.ts';
import { readColour } from './colours.ts';
import { createElement, setAttribute, setText } from '../elements.ts';
import { formatTime } from '../format.ts';

interface ChartSeries {
  readonly label: string;
  /** Name of a colour of the style sheet. */
  readonly colour: string;
  readonly isFilled: boolean;
}

export interface ChartOptions {
  readonly title: string;
  /** Bars stand on each other: the first series on top of the second. */
  readonly kind: 'lines' | 'bars';
  readonly series: readonly [ChartSeries, ChartSeries];
  readonly formatValue: (value: Figure) => string;
  readonly formatAxis: (value: number) => string;
}

export interface Chart {
  readonly element: HTMLElement;
  /** `seconds`: Unix times; one list of figures for each series. */
  readonly show: (seconds: readonly number[], figures: readonly (readonly Figure[])[]) => void;
  readonly repaint: () => void;
}

/** Pixels. */
const height = 168;

/** A chart of less time would be a few points in the middle of nowhere. Seconds. */
const shortestRange = 60;

export function createChart(options: ChartOptions): Chart {
  const legend = createLegend(options);
  const place = createElement('div', { class: 'plot', role: 'img' });
  const element = createElement('article', { class: 'card chart' }, [
    createElement('div', { class: 'card-head' }, [createElement('h2', {}, [options.title]), legend.element]),
    place,
  ]);
  let seconds: readonly number[] = [];
  let figures: readonly (readonly Figure[])[] = [];
  const getMargin = (): number => (options.kind === 'lines' ? 0 : ((seconds[1] ?? 0) - (seconds[0] ?? 0)) / 2);
  const tell = (index: number | null | undefined): void => {
    const at = index ?? seconds.length - 1;
    legend.show(
      figures.map((list) => list[at] ?? null),
      index === null || index === undefined ? undefined : seconds[at],
    );
  };
  const plot = new uPlot(buildOptions(options, tell, getMargin), [[], [], []], place);
  new ResizeObserver(([entry]) => {
    if (entry !== undefined) plot.setSize({ width: Math.floor(entry.contentRect.width), height });
  }).observe(place);
  return {
    element,
    show: (times, lists) => {
      [seconds, figures] = [times, lists];
      plot.setData([[...times], ...stack(options.kind, lists).map((list) => [...list])]);
      tell(plot.cursor.idx);
      const now = lists.map(
        (list, index) => `${options.series[index]?.label ?? ''} ${options.formatValue(list.at(-1) ?? null)}`,
      );
      setAttribute(place, 'aria-label', `${options.title} over time; now ${now.join(', ')}`);
    },
    repaint: () => {
      plot.redraw(false, true);
    },
  };
}

/** The first bar is drawn behind the second, and as high as both. */
function stack(kind: ChartOptions['kind'], lists: readonly (readonly Figure[])[]): readonly (readonly Figure[])[] {
  const [first = [], second = []] = lists;
  if (kind === 'lines') return lists;
  return [first.map((value, index) => (value ?? 0) + (second[index] ?? 0)), second];
}

function buildOptions(
  { kind, series, formatAxis }: ChartOptions,
  tell: (index: number | null | undefined) => void,
  getMargin: () => number,
): uPlot.Options {
  const grid = { stroke: () => readColour('--line'), width: 1 };
  const axis = { stroke: () => readColour('--muted'), font: '12px system-ui, sans-serif', ticks: { show: false } };
  return {
    width: 300,
    height,
    // At the right, half of the longest mark of time.
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: kind === 'lines', size: 7 } },
    scales: {
      x: { range: (_plot, least, most) => widenRange(least, most, getMargin()) },
      y: { range: (_plot, _least, most) => [0, chooseTop(most)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 70, values: (_plot, ticks) => formatTicks(ticks) },
      {
        ...axis,
        grid,
        size: 44,
        space: 34,
        values: (_plot, ticks) => ticks.map(formatAxis),
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1000, 2000, 5000, 10_000, 50_000, 100_000],
      },
    ],
    series: [{}, ...series.map((one) => buildSeries(one, kind))],
    hooks: {
      setCursor: [
        (plot) => {
          tell(plot.cursor.idx);
        },
      ],
    },
  };
}

function buildSeries({ label, colour, isFilled }: ChartSeries, kind: ChartOptions['kind']): uPlot.Series {
  const isBars = kind === 'bars';
  const paths = isBars ? uPlot.paths.bars?.({ size: [0.72, 40], radius: 0.15 }) : undefined;
  return {
    label,
    width: isBars ? 0 : 2,
    stroke: () => readColour(colour),
    ...(isFilled ? { fill: () => readColour(isBars ? colour : `${colour}-soft`) } : {}),
    points: { show: false },
    ...(paths === undefined ? {} : { paths }),
  };
}

/** `margin`: seconds at both ends, for bars are as wide as their stretch of time. */
function widenRange(least: number, most: number, margin: number): [number, number] {
  // Without any value the library asks with what is no number.
  if (!Number.isFinite(most) || !Number.isFinite(least)) return [0, shortestRange];
  return [Math.min(least, most - shortestRange) - margin, most + margin];
}

/** Some room above the greatest value. */
function chooseTop(most: number | null): number {
  return Math.max(4, Math.ceil((most ?? 0) * 1.15));
}

/** `14:03`, with seconds where two marks are in one minute. */
function formatTicks(ticks: readonly number[]): string[] {
  const isFine = (ticks[1] ?? Infinity) - (ticks[0] ?? 0) < 60;
  return ticks.map((tick) => (isFine ? formatTime(tick * 1000) : formatTime(tick * 1000).slice(0, 5)));
}

interface Legend {
  readonly element: HTMLElement;
  /** `atSeconds`: under the pointer; absent: the newest values. */
  readonly show: (values: readonly Figure[], atSeconds: number | undefined) => void;
}

function createLegend({ series, formatValue }: ChartOptions): Legend {
  const at = createElement('span', { class: 'at' });
  const entries = series.map(({ label, colour }) => {
    const value = createElement('b');
    return { value, item: createElement('span', { class: `key key${colour}` }, [`${label} `, value]) };
  });
  return {
    element: createElement('p', { class: 'legend' }, [at, ...entries.map(({ item }) => item)]),
    show: (values, atSeconds) => {
      setText(at, atSeconds === undefined ? '' : formatTime(atSeconds * 1000));
      for (const [index, { value }] of entries.entries()) setText(value, formatValue(values[index] ?? null));
    },
  };
}
