/** Shows a list of any length as a table: only the rows that are in sight exist, so that thousands stay fluid. */
import { createElement, setAttribute } from './elements.ts';

/** Rows above and below those in sight, so that fast scrolling shows no empty place. */
const spareRows = 6;

export interface TableRow<Item> {
  readonly element: HTMLTableRowElement;
  readonly show: (item: Item) => void;
}

export interface TableOptions<Item> {
  /** What the table is, for screen readers. */
  readonly label: string;
  readonly head: HTMLTableRowElement;
  /** Pixels; every row has it. */
  readonly rowHeight: number;
  readonly createRow: () => TableRow<Item>;
}

export interface VirtualTable<Item> {
  readonly element: HTMLElement;
  /** `nothing`: what stands there without a row. */
  readonly show: (items: readonly Item[], nothing: string) => void;
}

export function createVirtualTable<Item>(options: TableOptions<Item>): VirtualTable<Item> {
  const { label, head, rowHeight, createRow } = options;
  const [above, below] = [createSpacer(head.cells.length), createSpacer(head.cells.length)];
  const body = createElement('tbody', {}, [above.element, below.element]);
  const table = createElement('table', {}, [createElement('thead', {}, [head]), body]);
  const empty = createElement('p', { class: 'empty' });
  const element = createElement('div', { class: 'scroll', role: 'region', 'aria-label': label, tabindex: '0' }, [
    ...[table, empty],
  ]);
  element.style.setProperty('--row', `${String(rowHeight)}px`);
  const rows: TableRow<Item>[] = [];
  let items: readonly Item[] = [];

  const draw = (): void => {
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - spareRows);
    const inSight = Math.ceil(element.clientHeight / rowHeight) + 2 * spareRows;
    const shown = items.slice(first, first + inSight);
    while (rows.length < shown.length) {
      const row = createRow();
      rows.push(row);
      below.element.before(row.element);
    }
    for (const row of rows.splice(shown.length)) row.element.remove();
    for (const [index, item] of shown.entries()) {
      const row = rows[index];
      if (row === undefined) continue;
      setAttribute(row.element, 'aria-rowindex', String(first + index + 2));
      row.show(item);
    }
    above.resize(first * rowHeight);
    below.resize((items.length - first - shown.length) * rowHeight);
  };
  const drawSoon = collapseCalls(draw);
  element.addEventListener('scroll', drawSoon, { passive: true });
  new ResizeObserver(drawSoon).observe(element);
  return {
    element,
    show: (list, nothing) => {
      items = list;
      empty.textContent = nothing;
      empty.hidden = list.length > 0;
      setAttribute(table, 'aria-rowcount', String(list.length + 1));
      draw();
    },
  };
}

interface Spacer {
  readonly element: HTMLTableRowElement;
  readonly resize: (pixels: number) => void;
}

/** Takes the place of the rows that do not exist. */
function createSpacer(columns: number): Spacer {
  const cell = createElement('td', { colspan: String(columns) });
  const element = createElement('tr', { class: 'spacer', 'aria-hidden': 'true' }, [cell]);
  element.hidden = true;
  return {
    element,
    resize: (pixels) => {
      element.hidden = pixels === 0;
      cell.style.height = `${String(pixels)}px`;
    },
  };
}

/** However often it is called, once for each frame of the screen. */
export function collapseCalls(draw: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      draw();
    });
  };
}
