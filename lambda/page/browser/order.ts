/** Filters and orders the rows: starved queues stand first, and a row keeps its place while its order does not change. */
import type { Figure, FollowedPipeline, FollowedQueue } from '../messages.ts';

export const queueColumns = ['name', 'queued', 'running', 'oldestWait', 'busy', 'p50', 'p95'] as const;
export type QueueColumn = (typeof queueColumns)[number];

export interface Order<Column extends string> {
  readonly column: Column;
  readonly isDescending: boolean;
}

/** Each word has to be somewhere in the names. */
function createFilter(text: string): (names: readonly string[]) => boolean {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return (names) => {
    const whole = names.join(' ').toLowerCase();
    return words.every((word) => whole.includes(word));
  };
}

export function filterQueues(queues: readonly FollowedQueue[], text: string): readonly FollowedQueue[] {
  const isWanted = createFilter(text);
  return queues.filter(({ now: { source, scope, queue } }) => isWanted([source, scope, queue]));
}

export function filterPipelines(pipelines: readonly FollowedPipeline[], text: string): readonly FollowedPipeline[] {
  const isWanted = createFilter(text);
  return pipelines.filter(({ now: { source, scope, pipeline } }) => isWanted([source, scope, pipeline]));
}

export function isStarved({ now }: FollowedQueue): boolean {
  return (now.starved ?? 0) > 0;
}

/** Whatever the order, starved ones stand first and those without figures last. */
export function sortQueues(
  queues: readonly FollowedQueue[],
  { column, isDescending }: Order<QueueColumn>,
): readonly FollowedQueue[] {
  const direction = isDescending ? -1 : 1;
  const compare = (a: FollowedQueue, b: FollowedQueue): number =>
    column === 'name' ? 0 : direction * compareFigures(a.now[column], b.now[column]);
  return queues.toSorted(
    (a, b) =>
      Number(isStarved(b)) - Number(isStarved(a)) ||
      Number(b.now.isKnown) - Number(a.now.isKnown) ||
      compare(a, b) ||
      (column === 'name' ? direction : 1) * compareNames(listNames(a), listNames(b)),
  );
}

function listNames({ now: { source, scope, queue } }: FollowedQueue): readonly string[] {
  return [source, scope, queue];
}

function compareFigures(a: Figure, b: Figure): number {
  return (a ?? -1) - (b ?? -1);
}

const collator = new Intl.Collator('en', { numeric: true });

function compareNames(a: readonly string[], b: readonly string[]): number {
  for (const [index, name] of a.entries()) {
    const difference = collator.compare(name, b[index] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Pipelines with most failures first. */
export function sortPipelines(pipelines: readonly FollowedPipeline[]): readonly FollowedPipeline[] {
  return pipelines.toSorted(
    ({ now: a }, { now: b }) =>
      b.failedInAll - a.failedInAll ||
      b.passedInAll - a.passedInAll ||
      compareNames([a.source, a.scope, a.pipeline], [b.source, b.scope, b.pipeline]),
  );
}
