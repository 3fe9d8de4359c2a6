/** Remembers which metrics were in a refused request, so that the next runs send them apart from their neighbours. */
import type { SeriesSample } from '../sample.ts';
import type { Settled } from './reception.ts';

/**
 * Requests that suspects may cost a run. A receiver of 1.0 stores nothing of a request with one bad sample; sent one
 * metric a request, all but the bad one are stored, and a receiver that refuses everything is asked this often at most.
 */
export const maxSuspectRequests = 100;

type Undated = Pick<SeriesSample<unknown>, 'isStale' | 'timestampMs'>;

export interface Suspects<Sample> {
  /** The request of its own in which a metric travels; undefined for one that is not suspected. */
  readonly requestOf: (name: string) => number | undefined;
  readonly startRun: () => SuspectsOfRun<Sample>;
}

export interface SuspectsOfRun<Sample> {
  readonly note: (settled: Settled<Sample>) => void;
  /** What was stored is suspected no longer; what was refused is, from the next run on. */
  readonly commit: () => void;
}

/** `nameOf`: the metric of a sample. */
export function createSuspects<Sample extends Undated>(nameOf: (sample: Sample) => string): Suspects<Sample> {
  let requests: ReadonlyMap<string, number> = new Map();
  return {
    requestOf: (name) => requests.get(name),
    startRun: () => {
      const refused = new Set<string>();
      const taken = new Set<string>();
      return {
        note: ({ series, reception: { outcome } }) => {
          if (outcome === 'refused') for (const name of collectNames(series, nameOf)) refused.add(name);
          const isTaken = outcome === 'stored' || outcome === 'partial';
          // Nothing is looked at while nothing is suspected: a large delivery has 90,000 series.
          if (isTaken && requests.size > 0) for (const name of collectNames(series, nameOf)) taken.add(name);
        },
        commit: () => {
          const before = [...requests.keys()].filter((name) => !taken.has(name));
          requests = spread([...new Set([...before, ...refused])]);
        },
      };
    },
  };
}

/** Series that date themselves travel apart from others anyway, and markers never spoil a sample. */
function collectNames<Sample extends Undated>(
  series: readonly Sample[],
  nameOf: (sample: Sample) => string,
): ReadonlySet<string> {
  const own = series.filter(({ isStale, timestampMs }) => !isStale && timestampMs === undefined);
  return new Set(own.map(nameOf));
}

function spread(names: readonly string[]): ReadonlyMap<string, number> {
  const perRequest = Math.ceil(names.length / maxSuspectRequests);
  return new Map(names.map((name, index) => [name, Math.floor(index / perRequest)]));
}
