/** Makes the series of a batch, name by name, and notes what cannot be written. */
import type { Matcher } from '../../../settings/glob.ts';
import { prepareExemplar } from '../../../exposition/lines/exemplar.ts';
import type { Batch } from '../../../model/batch.ts';
import { rankMetric, importanceOfRelayed } from '../../../model/for-sinks/importance.ts';
import type { Labels, MetricDefinition, MetricFamily } from '../../../model/metric.ts';
import { compareText } from '../../../model/families/order.ts';
import { selectPublishable, type RelayedFamily, type RelayedSample } from '../../../model/relayed.ts';
import { compareSets } from '../../../series/label-set.ts';
import {
  expandFamily,
  type OmissionReason,
  isCounted,
  collectNames,
  type SeriesKind,
  countSeries,
} from './expand-family.ts';
import { hasUtf8Names, isMetricName, createLabelWriter } from './label-sets.ts';
import type { NamedSeries, Series, SeriesFamily } from './series.ts';

/** Samples that are left out, by metric. */
export interface Omission {
  readonly reason: OmissionReason;
  readonly metric: string;
  readonly samples: number;
}

/** The series of a batch, and what was left out. */
export interface SeriesOfBatch {
  /**
   * Name by name, the most important ones first; to be walked once. The series of a name are made when it is its turn: all of them at once
   * would be more memory than everything else in a run.
   */
  readonly names: Iterable<NamedSeries>;
  /** Samples of the names that were not walked: their number, without making a series of them. */
  readonly countUnwalked: () => number;
  /** What was left out of the names walked so far. */
  readonly omissions: () => readonly Omission[];
  /** The metrics of the names walked so far, each once; of two that share a name the first describes it. */
  readonly families: () => readonly SeriesFamily[];
}

export interface SeriesSettings {
  /** Added to every series that has no label of that name. */
  readonly labels: Labels;
  /** By Prometheus name; for a histogram the name without `_bucket`, `_sum` and `_count`. */
  readonly selects: Matcher;
  readonly exemplars: 'send' | 'omit';
}

export function encodeSeries(batch: Batch, { labels, selects, exemplars }: SeriesSettings): SeriesOfBatch {
  const labelsOf = { classic: createLabelWriter(labels), 'utf-8': createLabelWriter(labels, 'utf-8') };
  const families = new Map<string, SeriesFamily>();
  const { omissions, omit } = tallyOmissions();

  const produceSeries = (
    name: string,
    { described, names: style, isCounted: isEach, produce }: Producer,
  ): readonly Series[] => {
    const found: Series[] = [];
    const omitOne = (reason: OmissionReason): void => {
      if (isEach) omit(reason, described.name, 1);
    };
    const put: PutSeries = (own, value, startMs, more) => {
      const set = labelsOf[style](name, own);
      if (set === undefined) omitOne('label-name');
      else if (more === undefined) found.push({ labels: set, family: described, value, startMs, isStale: false });
      else {
        const utf8 = style === 'utf-8' && hasUtf8Names(set) ? { hasUtf8Names: true } : {};
        const dated = omitUnwantedExemplar(more, exemplars);
        found.push({ labels: set, family: described, value, startMs, isStale: false, ...utf8, ...dated });
      }
    };
    produce(put, omitOne);
    if (found.length > 0) families.set(described.name, described);
    return found;
  };

  const names = collectProducers(batch, selects, omit);
  let walked = 0;
  function* generateNames(): Generator<NamedSeries> {
    for (const [name, producers] of names) {
      walked += 1;
      const omitDuplicate = ({ family }: Series): void => {
        if (isCountedUnder(name, family)) omit('duplicate', family.name, 1);
      };
      const [only, ...more] = producers.map((producer) => produceSeries(name, producer));
      const series = sortUnique(more.length === 0 ? (only ?? []) : [only ?? [], ...more].flat(), omitDuplicate);
      if (series.length > 0) yield { name, series };
    }
  }
  const countUnwalked = (): number => {
    const left = names.slice(walked).flatMap(([, producers]) => producers);
    return left.reduce((sum, { countSamples: samples }) => sum + samples(), 0);
  };
  return { names: generateNames(), countUnwalked, omissions, families: () => [...families.values()] };
}

/** What a series may have besides a value. */
type Dated = Pick<Series, 'timestampMs' | 'exemplar'>;

type PutSeries = (labels: Labels, value: number, startMs: number | undefined, more?: Dated) => void;

/** Leaves out an exemplar that is switched off, or that receivers would refuse. */
function omitUnwantedExemplar({ exemplar, ...dated }: Dated, exemplars: SeriesSettings['exemplars']): Dated {
  const kept = exemplar === undefined || exemplars === 'omit' ? undefined : prepareExemplar(exemplar);
  return kept === undefined ? dated : { ...dated, exemplar: kept };
}

/** Makes the series that one family has under one name. */
interface Producer {
  readonly described: SeriesFamily;
  readonly importance: number;
  readonly names: 'classic' | 'utf-8';
  /** Whether what is left out is counted, one by one. */
  readonly isCounted: boolean;
  readonly produce: (put: PutSeries, omit: (reason: OmissionReason) => void) => void;
  /** How many series it gives, those with a flaw among them. */
  readonly countSamples: () => number;
}

type OmitSamples = (reason: OmissionReason, metric: string, samples: number) => void;

/** Groups the families by the names of their series, the most important first: several may share a name. */
function collectProducers(
  batch: Batch,
  selects: Matcher,
  omit: OmitSamples,
): readonly (readonly [string, readonly Producer[]])[] {
  const byName = new Map<string, Producer[]>();
  const described = new Map<string, SeriesFamily>();
  for (const family of selectFamilies(batch)) {
    const { definition, samples } = family;
    if (!selects(definition.name)) continue;
    if (!isMetricName(definition.name)) {
      omit('metric-name', definition.name, samples.length);
      continue;
    }
    const description = described.get(definition.name) ?? describeMetric(definition);
    described.set(definition.name, description);
    for (const [name, kind] of collectNames(family))
      addProducer(byName, name, createProducer(family, kind, description));
  }
  for (const family of selectRelayed(batch)) {
    if (!selects(family.name)) continue;
    const description = described.get(family.name) ?? describeRelayed(family);
    described.set(family.name, description);
    for (const [name, samples] of Map.groupBy(family.samples, (sample) => sample.name))
      addProducer(byName, name, createRelayedProducer(samples, description));
  }
  const getImportance = ([, [first]]: readonly [string, readonly Producer[]]): number => first?.importance ?? 0;
  return [...byName].sort((a, b) => getImportance(a) - getImportance(b) || compareText(a[0], b[0]));
}

function addProducer(byName: Map<string, Producer[]>, name: string, producer: Producer): void {
  const producers = byName.get(name);
  if (producers === undefined) byName.set(name, [producer]);
  else producers.push(producer);
}

function createProducer(family: MetricFamily, kind: SeriesKind, described: SeriesFamily): Producer {
  const produce: Producer['produce'] = (put, omit) => {
    expandFamily(family, kind, put, omit);
  };
  const importance = rankMetric(family.definition);
  const countSamples = (): number => countSeries(family, kind);
  return { described, importance, names: 'classic', isCounted: isCounted(kind), produce, countSamples };
}

function createRelayedProducer(relayed: readonly RelayedSample[], described: SeriesFamily): Producer {
  const produce: Producer['produce'] = (put) => {
    for (const { labels, value, startMs, timestampMs, exemplar } of relayed)
      put(labels, value, startMs, {
        ...(timestampMs === undefined ? {} : { timestampMs }),
        ...(exemplar === undefined ? {} : { exemplar }),
      });
  };
  const countSamples = (): number => relayed.length;
  return {
    described,
    importance: importanceOfRelayed,
    names: 'utf-8',
    isCounted: true,
    produce,
    countSamples,
  };
}

/** Sorted, each label set once. Samples in canonical order are in order already, so nothing is copied then. */
function sortUnique(series: readonly Series[], omit: (duplicate: Series) => void): readonly Series[] {
  const isAscending = series.every((one, index) => {
    const before = series[index - 1];
    return before === undefined || compareSamples(before, one) < 0;
  });
  if (isAscending) return series;
  let before: Series | undefined;
  return series.toSorted(compareSamples).filter((one) => {
    const isRepeated = before !== undefined && compareSamples(before, one) === 0;
    if (isRepeated) omit(one);
    else before = one;
    return !isRepeated;
  });
}

/** Samples of one series at different times are different samples, oldest first. */
function compareSamples(a: Series, b: Series): number {
  return compareSets(a.labels, b.labels) || (a.timestampMs ?? 0) - (b.timestampMs ?? 0);
}

/** A histogram's sample has many series; its count stands for it. */
function isCountedUnder(name: string, { name: metric, type }: SeriesFamily): boolean {
  return name === (type === 'histogram' ? `${metric}_count` : metric);
}

/** A failed source gives no values: old ones would look like new ones. */
function selectFamilies({ sources, health }: Batch): readonly MetricFamily[] {
  const read = sources.filter(({ status }) => status !== 'failed').flatMap(({ families }) => families);
  // What was reduced for other sinks is sent as it was read.
  return [...read.filter(({ definition }) => definition.reduced !== true), ...health];
}

function selectRelayed({ sources }: Batch): readonly RelayedFamily[] {
  return sources.flatMap(({ status, relayed = [] }) => selectPublishable(status, relayed));
}

function describeRelayed({ name, type, declared, help, unit = '' }: RelayedFamily): SeriesFamily {
  return { name, type: declared ?? (type === 'untyped' ? 'unknown' : type), help, unit };
}

function describeMetric({ name, type, help, unit }: MetricDefinition): SeriesFamily {
  return { name, type: type === 'distribution' ? 'histogram' : type, help, unit: findUnitInName(name, unit) };
}

/** OpenMetrics: a unit that is given must also end the name, before `_total`. */
function findUnitInName(name: string, unit: MetricDefinition['unit']): string {
  if (unit === 'count' || unit === 'currency') return '';
  const base = unit === 'timestamp' ? 'seconds' : unit;
  return name.replace(/_total$/, '').endsWith(`_${base}`) ? base : '';
}

interface OmissionTally {
  readonly omit: OmitSamples;
  readonly omissions: () => readonly Omission[];
}

function tallyOmissions(): OmissionTally {
  const byReason = new Map<string, Omission>();
  return {
    omit: (reason, metric, samples) => {
      const key = `${reason} ${metric}`;
      byReason.set(key, { reason, metric, samples: (byReason.get(key)?.samples ?? 0) + samples });
    },
    omissions: () => [...byReason.values()],
  };
}
