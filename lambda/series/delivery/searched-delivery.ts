/** Says what became of the samples of a delivery: how many were not stored and why, and which increases wait. */
import type { Problem } from '../../model/problem.ts';
import { formatCount, shortenText } from '../../model/text/wording.ts';
import type { Loss, Sent } from './send-searching.ts';
import { mayBeMissing, notStored } from '../losses/stored-words.ts';

/** Longest part of a series that a message repeats. */
const maxExample = 300;

export interface SampleWords<Item> {
  /** What the sink calls a sample. */
  readonly noun: string;
  readonly show: (item: Item) => string;
}

export interface Packing<Item, Packed> extends SampleWords<Item> {
  readonly isAddedUp: (item: Item) => boolean;
  /** Of the increases among the items, for a later run. */
  readonly pack: (items: readonly Item[]) => readonly Packed[];
}

export interface SearchedDelivery<Packed> extends Omit<Sent<unknown>, 'losses'> {
  readonly problems: readonly Problem[];
  readonly undelivered: readonly Packed[];
  readonly unconfirmed: number;
  readonly dropped: number;
}

/** Says of every increase what became of it. */
export function buildDelivery<Item, Packed>(
  { losses, ...sent }: Sent<Item>,
  { isAddedUp, pack, ...words }: Packing<Item, Packed>,
): SearchedDelivery<Packed> {
  const pickItems = (wanted: Loss<Item>['outcome']): readonly Item[] =>
    losses.filter(({ outcome }) => outcome === wanted).flatMap(({ items }) => items);
  return {
    ...sent,
    problems: describeLosses(losses, words),
    undelivered: pack(pickItems('not taken')),
    unconfirmed: pickItems('unknown').filter(isAddedUp).length,
    dropped: pickItems('refused').filter(isAddedUp).length,
  };
}

/** One problem for each reason, with every address at which it was met. */
function describeLosses<Item>(losses: readonly Loss<Item>[], { noun, show }: SampleWords<Item>): readonly Problem[] {
  const groups = Map.groupBy(losses, ({ outcome, problem: { kind, message } }) =>
    JSON.stringify([outcome, kind, message]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const [example] = first?.items ?? [];
    if (first === undefined || example === undefined) return [];
    const count = group.reduce((sum, { items }) => sum + items.length, 0);
    const became = first.outcome === 'unknown' ? mayBeMissing : notStored;
    const such = shortenText(show(example), maxExample);
    const where = joinTargets(group.map(({ problem }) => problem.where));
    const message = `${formatCount(count, noun)} ${became}, such as ${such}: ${first.problem.message}`;
    return [{ ...first.problem, where, message }];
  });
}

/** `datadog/main POST a.example/x, POST a.example/y`: the sink stands once. */
function joinTargets(targets: readonly string[]): string {
  const [first = '', ...others] = [...new Set(targets)];
  const sink = first.slice(0, first.indexOf(' ') + 1);
  return [first, ...others.map((target) => (target.startsWith(sink) ? target.slice(sink.length) : target))].join(', ');
}
