/** The tiles at the top: the few figures that tell at a glance whether all is well. */
import { findNewest } from '../history.ts';
import type { Figure, FleetFigure, History, QueueNow } from '../messages.ts';
import { createElement, findElement, setAttribute, setText } from './elements.ts';
import { formatCount, formatPercent, formatSeconds, formatTime, unknown } from './format.ts';
import { createSparkline } from './sparkline.ts';

interface Tile {
  readonly title: string;
  readonly figure: FleetFigure;
  readonly tone: string;
  readonly describe: (history: History, sinceMs: number) => Readonly<{ value: string; more: string; state?: string }>;
}

const tiles: readonly Tile[] = [
  {
    ...{ title: 'Queued', figure: 'queued', tone: 'warm' },
    describe: (history) => ({ value: formatCount(findNewest(history, 'queued')), more: describeBlocked(history) }),
  },
  {
    ...{ title: 'Running', figure: 'running', tone: 'cool' },
    describe: (history) => ({
      value: formatCount(findNewest(history, 'running')),
      more: `in ${formatCount(history.queues.filter(({ now }) => (now.running ?? 0) > 0).length)} of ${formatCount(history.queues.length)} queues`,
    }),
  },
  { ...{ title: 'Workers busy', figure: 'busy', tone: 'cool' }, describe: describeWorkers },
  { ...{ title: 'Oldest wait', figure: 'oldestWait', tone: 'warm' }, describe: describeOldest },
  { ...{ title: 'Starved queues', figure: 'starvedQueues', tone: 'bad' }, describe: describeStarved },
  { ...{ title: 'Builds passed', figure: 'passed', tone: 'good' }, describe: describeBuilds },
];

export interface Tiles {
  readonly show: (history: History, sinceMs: number) => void;
}

export function createTiles(): Tiles {
  const shown = tiles.map(createTile);
  findElement('tiles', HTMLElement).append(...shown.map(({ element }) => element));
  return {
    show: (history, sinceMs) => {
      for (const tile of shown) tile.show(history, sinceMs);
    },
  };
}

function createTile({ title, figure, tone, describe }: Tile): Tiles & { readonly element: HTMLElement } {
  const [value, more] = [createElement('p', { class: 'value' }), createElement('p', { class: 'more' })];
  const line = createSparkline(tone);
  const element = createElement('article', { class: 'tile' }, [
    ...[createElement('h2', {}, [title]), value, more, line.element],
  ]);
  return {
    element,
    show: (history, sinceMs) => {
      const described = describe(history, sinceMs);
      setText(value, described.value);
      setText(more, described.more);
      setAttribute(more, 'title', described.more);
      setAttribute(element, 'data-state', described.state ?? 'plain');
      line.draw(history.fleet[figure], Math.min(120, Math.max(2, history.times.length)));
    },
  };
}

function describeBlocked({ queues }: History): string {
  const blocked = queues.reduce((sum, { now }) => sum + (now.blocked ?? 0), 0);
  return blocked === 0 ? 'jobs that could start now' : `and ${formatCount(blocked)} blocked`;
}

function describeWorkers(history: History): ReturnType<Tile['describe']> {
  const [busy, all] = [findNewest(history, 'busy'), findNewest(history, 'workers')];
  if (busy === null || all === null) return { value: unknown, more: 'no source tells' };
  return { value: `${formatCount(busy)} / ${formatCount(all)}`, more: `${formatPercent(busy, all)} busy` };
}

function describeOldest(history: History): ReturnType<Tile['describe']> {
  const oldest = findNewest(history, 'oldestWait');
  const queue = history.queues.find(({ now }) => now.oldestWait === oldest && (oldest ?? 0) > 0);
  return { value: formatSeconds(oldest), more: queue === undefined ? 'nobody waits' : nameQueue(queue.now) };
}

function nameQueue({ queue, scope }: QueueNow): string {
  return scope === '' ? queue : `${queue} · ${scope}`;
}

function describeStarved(history: History): ReturnType<Tile['describe']> {
  const count: Figure = findNewest(history, 'starvedQueues');
  const names = history.queues.filter(({ now }) => (now.starved ?? 0) > 0).map(({ now }) => nameQueue(now));
  const isBad = names.length > 0;
  return {
    value: formatCount(count),
    more: isBad ? names.join(', ') : 'no job lacks a worker',
    state: isBad ? 'bad' : 'plain',
  };
}

function describeBuilds({ fleet }: History, sinceMs: number): ReturnType<Tile['describe']> {
  const [passed, failed] = [addUp(fleet.passed), addUp(fleet.failed)];
  const all = passed + failed;
  const since = formatTime(sinceMs).slice(0, 5);
  if (all === 0) return { value: unknown, more: `no build since ${since}` };
  return { value: formatPercent(passed, all), more: `${formatCount(passed)} of ${formatCount(all)} builds` };
}

function addUp(figures: readonly Figure[]): number {
  return figures.reduce<number>((sum, value) => sum + (value ?? 0), 0);
}
