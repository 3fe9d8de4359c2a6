/** Writes the table of the queues and the line with their totals. */
import { formatElapsed } from './duration.ts';
import { sumFigures, type QueueRow } from '../../model/figures/queue-rows.ts';
import { renderTable, type Cell, type Column } from './table.ts';
import { measureText } from './text-width.ts';
import { formatAmount, formatCount, formatNumber, unknown } from './figures.ts';
import type { Theme } from './theme.ts';
import { renderBar } from './signs.ts';

/** How long a queue has been starved, in milliseconds; undefined where that is not known. */
export type GetStarvedMs = (row: QueueRow) => number | undefined;

/** Columns that would say the same, or nothing, in each row are left out. */
interface ShownColumns {
  readonly source: boolean;
  readonly scope: boolean;
  readonly oldestWait: boolean;
  readonly waits: boolean;
  readonly cost: boolean;
  readonly idleCost: boolean;
}

/** More rows nobody reads, and to lay out 30,000 takes seconds. */
const mostRows = 500;

/** The queues as a table, the most troubled of very many; without queues a sentence. */
export function renderQueues(rows: readonly QueueRow[], theme: Theme, getStarvedMs?: GetStarvedMs): readonly string[] {
  if (rows.length === 0) return ['no queues'];
  const shown = {
    source: new Set(rows.map(({ source }) => source)).size > 1,
    scope: new Set(rows.map(({ scope }) => scope)).size > 1,
    oldestWait: rows.some(({ oldestWait }) => oldestWait !== undefined),
    waits: rows.some(({ waits }) => waits?.p50 !== undefined),
    cost: rows.some(({ cost }) => cost !== undefined),
    idleCost: rows.some(({ cost }) => cost?.idle !== undefined),
  };
  const chosen = chooseRows(rows);
  const cells = chosen.map((row) => renderQueue(row, shown, theme, getStarvedMs?.(row)));
  const table = renderTable(chooseQueueColumns(shown), cells, { paint: theme.paint, columns: theme.columns });
  return [...table, ...renderRest(rows.length - chosen.length, theme)];
}

/** Starved queues first, then those with the most queued jobs; each stays in its place. */
function chooseRows(rows: readonly QueueRow[]): readonly QueueRow[] {
  if (rows.length <= mostRows) return rows;
  const byTrouble = rows.toSorted(
    (a, b) => compareFigures(a.starved, b.starved) || compareFigures(a.jobs.queued, b.jobs.queued),
  );
  const chosen = new Set(byTrouble.slice(0, mostRows));
  return rows.filter((row) => chosen.has(row));
}

function compareFigures(a = 0, b = 0): number {
  return b - a;
}

function renderRest(count: number, { paint, columns }: Theme): readonly string[] {
  if (count === 0) return [];
  const facts = [
    `and ${formatCount(count, 'more queue')} with fewer starved and queued jobs`,
    '--format json shows all',
  ];
  return wrapFacts(facts, columns).map((line) => paint('faint', line));
}

function chooseQueueColumns({ source, scope, oldestWait, waits, cost, idleCost }: ShownColumns): readonly Column[] {
  return [
    ...(source ? [{ title: 'SOURCE', shrinksTo: 8 }] : []),
    ...(scope ? [{ title: 'SCOPE', shrinksTo: 8 }] : []),
    { title: 'QUEUE', shrinksTo: 12 },
    { title: 'QUEUED', align: 'right' },
    { title: 'RUNNING', align: 'right', givesWay: 5 },
    { title: 'BLOCKED', align: 'right', givesWay: 2 },
    { title: 'IDLE', align: 'right', givesWay: 3 },
    { title: 'BUSY', align: 'right', givesWay: 4 },
    ...(oldestWait ? [{ title: 'OLDEST WAIT', align: 'right' as const }] : []),
    ...(waits
      ? [
          { title: 'P50', align: 'right' as const, givesWay: 1 },
          { title: 'P95', align: 'right' as const, givesWay: 6 },
        ]
      : []),
    ...(cost ? [{ title: 'COST', align: 'right' as const }] : []),
    ...(idleCost ? [{ title: 'OF IT IDLE', align: 'right' as const, givesWay: 7 }] : []),
    { title: 'UTILISATION' },
  ];
}

function renderQueue(row: QueueRow, shown: ShownColumns, theme: Theme, starvedMs: number | undefined): readonly Cell[] {
  const { jobs, workers, utilization } = row;
  const isStarved = (row.starved ?? 0) > 0;
  return [
    ...(shown.source ? [{ text: row.source }] : []),
    ...(shown.scope ? [{ text: row.scope }] : []),
    { text: row.queue, style: isStarved ? ('alarm' as const) : undefined },
    { text: formatNumber(jobs.queued), style: chooseQueuedStyle(row) },
    renderFigure(jobs.running),
    renderFigure(jobs.blocked),
    renderFigure(workers.idle),
    renderFigure(workers.busy),
    ...(shown.oldestWait ? [renderWait(row.oldestWait)] : []),
    ...(shown.waits ? [renderWait(row.waits?.p50), renderWait(row.waits?.p95)] : []),
    ...renderCosts(row, shown),
    isStarved ? renderStarved(theme, starvedMs) : renderUtilization(utilization, theme),
  ];
}

function chooseQueuedStyle({ jobs, starved }: QueueRow): Cell['style'] {
  if ((starved ?? 0) > 0) return 'alarm';
  return (jobs.queued ?? 0) > 0 ? 'warning' : 'faint';
}

/** Zeros and unknown figures are faint, so that the others stand out. */
function renderFigure(value: number | undefined): Cell {
  return { text: formatNumber(value), style: value === undefined || value === 0 ? 'faint' : undefined };
}

/** How long jobs wait, in whole seconds. */
function renderWait(seconds: number | undefined): Cell {
  if (seconds === undefined) return { text: unknown, style: 'faint' };
  if (seconds > 0 && seconds < 1) return { text: '<1 s' };
  return { text: formatElapsed(seconds * 1000), style: seconds === 0 ? 'faint' : undefined };
}

/** What it has cost since counting began, and what of it was for idle workers. */
function renderCosts({ cost }: QueueRow, shown: Pick<ShownColumns, 'cost' | 'idleCost'>): readonly Cell[] {
  return [
    ...(shown.cost ? [renderCost(cost?.paid, cost?.currency)] : []),
    ...(shown.idleCost ? [renderCost(cost?.idle, cost?.currency)] : []),
  ];
}

function renderCost(cost: number | undefined, currency = ''): Cell {
  return cost === undefined ? { text: unknown, style: 'faint' } : { text: `${formatAmount(cost)} ${currency}` };
}

function renderUtilization(ratio: number | undefined, { signs }: Theme): Cell {
  if (ratio === undefined) return { text: unknown, style: 'faint' };
  return { text: `${renderBar(ratio, signs)} ${String(Math.round(ratio * 100)).padStart(3)} %` };
}

/** Stands where the utilisation stands: a starved queue has no worker that could be busy. */
function renderStarved({ signs }: Theme, starvedMs: number | undefined): Cell {
  const since = starvedMs === undefined || starvedMs < 1000 ? '' : ` ${formatElapsed(starvedMs)}`;
  return { text: `${signs.warning} starved${since}`, style: 'alarm' };
}

/** `6 queues: 14 queued, 52 running, 3 blocked · 52 of 80 workers busy (65 %)` */
export function renderTotals(rows: readonly QueueRow[], columns?: number): readonly string[] {
  const jobs = (['queued', 'running', 'blocked'] as const).flatMap((state) => {
    const total = sumFigures(rows, (row) => row.jobs[state]);
    return total === undefined ? [] : [`${formatNumber(total)} ${state}`];
  });
  const queues = formatCount(rows.length, 'queue');
  const counted = jobs.length === 0 ? queues : `${queues}: ${jobs.join(', ')}`;
  return wrapFacts([counted, ...formatWorkers(rows), ...formatStarved(rows)], columns);
}

/** Facts on one line, and on more where the terminal is too narrow for that. */
function wrapFacts(facts: readonly string[], columns = Infinity): readonly string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const longer = [...lines.slice(-1), fact].join(' · ');
    if (lines.length > 0 && measureText(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(fact);
  }
  return lines;
}

function formatWorkers(rows: readonly QueueRow[]): readonly string[] {
  const idle = sumFigures(rows, ({ workers }) => workers.idle);
  const busy = sumFigures(rows, ({ workers }) => workers.busy);
  if (idle === undefined || busy === undefined) return [];
  const share = idle + busy === 0 ? '' : ` (${String(Math.round((100 * busy) / (idle + busy)))} %)`;
  return [`${formatNumber(busy)} of ${formatCount(idle + busy, 'worker')} busy${share}`];
}

function formatStarved(rows: readonly QueueRow[]): readonly string[] {
  const starved = rows.filter((row) => (row.starved ?? 0) > 0).length;
  return starved === 0 ? [] : [`${formatCount(starved, 'queue')} starved (jobs wait, no worker)`];
}
