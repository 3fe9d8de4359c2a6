/** Cuts the series of a run into requests, so that a bad series spoils no request of unrelated ones. */
import { findLabel } from '../label-set.ts';
import type { NamedSamples, SeriesSample } from '../sample.ts';
import type { Suspects } from './suspects.ts';

/**
 * Cuts lists into pieces of `size` items, the last one smaller; a list is asked for when a piece needs it, and the size
 * when a piece is begun.
 */
function* cutPieces<Item>(lists: Iterable<readonly Item[]>, size: () => number): Generator<readonly Item[]> {
  let piece: Item[] = [];
  let full = size();
  for (const list of lists) {
    for (let at = 0; at < list.length;) {
      const end = Math.min(list.length, at + full - piece.length);
      for (const item of list.slice(at, end)) piece.push(item);
      at = end;
      if (piece.length < full) continue;
      yield piece;
      piece = [];
      full = size();
    }
  }
  if (piece.length > 0) yield piece;
}

/** Ends when there is no use in more; what was given until then is finished. */
export function* takeUntil<Item>(isOver: () => boolean, items: Iterable<Item>): Generator<Item> {
  const iterator = items[Symbol.iterator]();
  while (!isOver()) {
    const next = iterator.next();
    if (next.done === true) return;
    yield next.value;
  }
}

type Dated = Pick<SeriesSample<unknown>, 'labels' | 'timestampMs'>;

export interface RunPieces<Sample> {
  readonly names: Iterable<NamedSamples<Sample>>;
  readonly suspects: Pick<Suspects<Sample>, 'requestOf'>;
  /** Told each name's samples of this tick before they are cut; those that date themselves too, where they may end. */
  readonly recognise: (named: NamedSamples<Sample>) => readonly Sample[];
  /** Of series that ended; asked for last. */
  readonly markers: () => readonly Sample[];
  /** Series in one request. */
  readonly size: () => number;
}

/**
 * A receiver of 1.0 stores nothing of a request with one bad sample. So samples of this tick never share a request with
 * samples that date themselves, those of one target not with those of another, suspects not with what is not suspected,
 * and markers with none of them.
 */
export function* cutRun<Sample extends Dated>({
  names,
  suspects,
  recognise,
  markers,
  size,
}: RunPieces<Sample>): Generator<readonly Sample[]> {
  const apart = new Map<string, Sample[]>();
  yield* cutPieces(separateDisputed(names, recognise, suspects, apart), size);
  for (const series of apart.values()) yield* cutPieces([series], size);
  yield* cutPieces([markers()], size);
}

function* separateDisputed<Sample extends Dated>(
  names: RunPieces<Sample>['names'],
  recognise: RunPieces<Sample>['recognise'],
  suspects: RunPieces<Sample>['suspects'],
  apart: Map<string, Sample[]>,
): Generator<readonly Sample[]> {
  for (const named of names) {
    const series = recognise(named);
    const request = suspects.requestOf(named.name);
    if (request === undefined && !series.some(isDated)) {
      yield series;
      continue;
    }
    for (const one of series.filter(isDated)) add(apart, `target ${formatTarget(one)}`, one);
    const own = series.filter((one) => !isDated(one));
    if (request === undefined) yield own;
    else for (const one of own) add(apart, `suspects ${String(request)}`, one);
  }
}

function add<Sample>(lists: Map<string, Sample[]>, key: string, series: Sample): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [series]);
  else list.push(series);
}

function isDated({ timestampMs }: Dated): boolean {
  return timestampMs !== undefined;
}

/** The target of a sample, whose clock wrote the time on it. */
function formatTarget({ labels }: Dated): string {
  return JSON.stringify(['job', 'instance'].map((name) => findLabel(labels, name)));
}
