/** The table of the queues: figures of now with the line that led to them, starved ones first and red. */
import type { Figure, FollowedQueue, QueueFigure, QueueNow } from '../messages.ts';
import { createElement, findElement, setAttribute, setText } from './elements.ts';
import { formatCount, formatNoun, formatSeconds, unknown } from './format.ts';
import { filterQueues, isStarved, type Order, type QueueColumn, sortQueues } from './order.ts';
import { createSparkline } from './sparkline.ts';
import { createVirtualTable, type TableRow } from './virtual-table.ts';

/** Two lines of text. Pixels. */
const rowHeight = 54;

/** Points of a line, where the history has more. */
const longestLine = 120;

interface Column {
  readonly name: QueueColumn;
  readonly title: string;
}

const columns: readonly Column[] = [
  { name: 'name', title: 'Queue' },
  { name: 'queued', title: 'Queued' },
  { name: 'running', title: 'Running' },
  { name: 'oldestWait', title: 'Oldest' },
  { name: 'busy', title: 'Workers' },
  { name: 'p50', title: 'Wait p50' },
  { name: 'p95', title: 'Wait p95' },
];

export interface QueueTable {
  /** `nowMs`: by the collector's clock. `isWaiting`: no run has ended yet. */
  readonly show: (queues: readonly FollowedQueue[], nowMs: number, isWaiting: boolean) => void;
}

export function createQueueTable(): QueueTable {
  const filter = findElement('queues-filter', HTMLInputElement);
  const note = findElement('queues-note', HTMLElement);
  let order: Order<QueueColumn> = { column: 'name', isDescending: false };
  let queues: readonly FollowedQueue[] = [];
  let state = { nowMs: 0, slots: 2, isWaiting: true };
  const head = createHead((column) => {
    order = { column, isDescending: order.column === column ? !order.isDescending : column !== 'name' };
    draw();
  });
  const table = createVirtualTable<FollowedQueue>({
    label: 'Table of the queues',
    head: head.element,
    rowHeight,
    createRow: () => createRow(() => state),
  });
  const draw = (): void => {
    const wanted = filterQueues(queues, filter.value);
    head.mark(order);
    setText(note, describeQueues(queues, wanted.length));
    const nothing = state.isWaiting ? 'Waiting for the first run …' : 'No queue.';
    table.show(sortQueues(wanted, order), queues.length > 0 ? 'No queue has this name.' : nothing);
  };
  filter.addEventListener('input', draw);
  findElement('queues-table', HTMLElement).append(table.element);
  return {
    show: (found, nowMs, isWaiting) => {
      queues = found;
      const longest = found.reduce((most, { past }) => Math.max(most, past.queued.length), 2);
      state = { nowMs, slots: Math.min(longestLine, longest), isWaiting };
      draw();
    },
  };
}

function describeQueues(queues: readonly FollowedQueue[], wanted: number): string {
  const starved = queues.filter(isStarved).length;
  const count =
    wanted === queues.length
      ? formatNoun(queues.length, 'queue')
      : `${formatCount(wanted)} of ${formatNoun(queues.length, 'queue')}`;
  return starved === 0 ? count : `${count} · ${formatCount(starved)} starved`;
}

interface Head {
  readonly element: HTMLTableRowElement;
  readonly mark: (order: Order<QueueColumn>) => void;
}

function createHead(choose: (column: QueueColumn) => void): Head {
  const cells = columns.map(({ name, title }) => {
    const button = createElement('button', { type: 'button' }, [title]);
    button.addEventListener('click', () => {
      choose(name);
    });
    return { name, cell: createElement('th', { scope: 'col', class: `col-${name}` }, [button]) };
  });
  return {
    element: createElement(
      'tr',
      {},
      cells.map(({ cell }) => cell),
    ),
    mark: ({ column, isDescending }) => {
      for (const { name, cell } of cells)
        setAttribute(cell, 'aria-sort', name === column ? chooseSort(isDescending) : 'none');
    },
  };
}

function chooseSort(isDescending: boolean): string {
  return isDescending ? 'descending' : 'ascending';
}

interface RowState {
  readonly nowMs: number;
  readonly slots: number;
}

function createRow(getState: () => RowState): TableRow<FollowedQueue> {
  const name = createElement('b');
  const where = createElement('small');
  const title = createElement('th', { scope: 'row', class: 'col-name' }, [
    createElement('span', { class: 'names' }, [name, where]),
  ]);
  const figures = [
    createFigureCell('queued', 'warm', (now) => formatCount(now.queued)),
    createFigureCell('running', 'cool', (now) => formatCount(now.running)),
    createFigureCell('oldestWait', 'warm', (now) => formatSeconds(now.oldestWait)),
    createFigureCell('busy', 'cool', formatWorkers),
  ];
  const [p50, p95] = [createElement('td', { class: 'col-p50 plain' }), createElement('td', { class: 'col-p95 plain' })];
  const element = createElement('tr', { class: 'row' }, [title, ...figures.map(({ cell }) => cell), p50, p95]);
  return {
    element,
    show: (followed) => {
      const { now } = followed;
      const { nowMs, slots } = getState();
      setText(name, now.queue);
      setAttribute(title, 'title', `${now.queue} · ${now.scope} · ${now.source}`);
      setText(where, describePlace(now, nowMs));
      setAttribute(element, 'data-state', chooseState(followed));
      for (const figure of figures) figure.show(followed, slots);
      setText(p50, formatSeconds(now.p50));
      setText(p95, formatSeconds(now.p95));
    },
  };
}

function chooseState(followed: FollowedQueue): string {
  if (!followed.now.isKnown) return 'unknown';
  if (isStarved(followed)) return 'starved';
  return (followed.now.queued ?? 0) > 0 ? 'waiting' : 'quiet';
}

function describePlace(now: QueueNow, nowMs: number): string {
  const place = now.scope === '' ? now.source : `${now.source} · ${now.scope}`;
  if (!now.isKnown) return `not read · ${place}`;
  if ((now.starved ?? 0) === 0) return place;
  const since =
    now.starvedSinceMs === null
      ? ''
      : ` ${formatSeconds(Math.max(0, Math.floor((nowMs - now.starvedSinceMs) / 1000)))}`;
  return `▲ starved${since} · ${place}`;
}

/** `5 / 12`: busy ones of all that could work. */
function formatWorkers({ idle, busy }: QueueNow): string {
  return idle === null || busy === null ? unknown : `${formatCount(busy)} / ${formatCount(idle + busy)}`;
}

interface FigureCell {
  readonly cell: HTMLTableCellElement;
  readonly show: (followed: FollowedQueue, slots: number) => void;
}

function createFigureCell(name: QueueFigure, tone: string, format: (now: QueueNow) => string): FigureCell {
  const text = createElement('span', { class: 'figure' });
  const line = createSparkline(tone);
  const cell = createElement('td', { class: `col-${name}` }, [
    createElement('div', { class: 'with-line' }, [line.element, text]),
  ]);
  return {
    cell,
    show: ({ now, past }, slots) => {
      setText(text, format(now));
      setAttribute(text, 'data-weight', weigh(now[name]));
      line.draw(past[name], slots);
    },
  };
}

/** Zeros and unknown figures are faint, so that the others stand out. */
function weigh(value: Figure): string {
  return (value ?? 0) === 0 ? 'faint' : 'strong';
}
