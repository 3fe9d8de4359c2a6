import type { Counted } from '../counters/tick/count-tick.ts';
import { admittedFamily, admittedProblem, admittedRelayed, type Cleaner } from '../model/text/admit.ts';
import type { SourcePart } from '../model/batch.ts';
import { capSeries, type Folding, type SeriesCaps } from '../model/limits/cap.ts';
import type { GaugeFamily, MetricFamily } from '../model/metric.ts';
import { compareText, inCanonicalOrder } from '../model/families/order.ts';
import type { Problem } from '../model/problem.ts';
import type { RelayedFamily } from '../model/relayed.ts';
import type { ConfiguredSink, ConfiguredSource, Pipeline } from '../pipeline.ts';
import { type Capacity, shareOut } from '../model/limits/capacity.ts';
import type { PartResult } from '../runtime/run-each.ts';
import type { Delivery } from '../sinks/sink.ts';
import type { Collection } from '../sources/source.ts';
import { clockProblems } from './clock-problem.ts';
import { foldingProblems } from './problems.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from './report.ts';

export interface Reading {
  readonly part: SourcePart;
  readonly outcome: SourceOutcome;
}

export interface ReadingContext {
  readonly before: RunReport | undefined;
  /** Samples of all sources together. */
  readonly capacity: Capacity;
}

/**
 * What the sources gave, held to the series cap and to what the run can carry: what one source leaves of its share, the
 * others have.
 */
export function readingsOf(
  pipeline: Pipeline,
  results: readonly { readonly part: ConfiguredSource; readonly result: PartResult<Counted> }[],
  { before, capacity }: ReadingContext,
): readonly Reading[] {
  const read = results.map(({ part, result }) => ({
    part,
    result,
    ...withoutHealth(admitted(countedOf(result), pipeline.cleaner)),
  }));
  const level = shareOut(
    read.map((one) => samplesOf(collectionOf(one.read))),
    capacity.samples,
  );
  return read.map((one) => readingOf(pipeline, one, { before, capacity, level }));
}

interface Read extends Apart {
  readonly part: ConfiguredSource;
  readonly result: PartResult<Counted>;
}

interface Apart {
  readonly read: Counted;
  /** Figures of the collector's health that only the source knows. */
  readonly told: readonly GaugeFamily[];
}

/**
 * When a credential ends stands in the credential itself: it is told with the collector's health, on every way on which
 * that is, and a run that knows nothing else has failed all the same.
 */
function withoutHealth(read: Counted): Apart {
  if (read.outcome === 'skipped') return { read, told: [] };
  const { families } = read.collection;
  const told = families.filter((family) => family.type === 'gauge').filter(isOfHealth);
  if (told.length === 0) return { read, told };
  return {
    read: { ...read, collection: { ...read.collection, families: families.filter((family) => !isOfHealth(family)) } },
    told,
  };
}

function isOfHealth({ definition }: MetricFamily): boolean {
  return definition.cloudWatch.namespace === 'collector';
}

/** What a source gave, and how it went. */
function readingOf(
  { clock, maxSeriesPerMetric, maxQueuesPerMetric }: Pipeline,
  { part: { id, system, name, takeMeter, readClocks }, result, read, told }: Read,
  { before, capacity, level }: ReadingContext & { readonly level: number },
): Reading {
  const { problems } = collectionOf(read);
  const { families, relayed, folded, leftOut } = heldToCap(read, { maxSeriesPerMetric, maxQueuesPerMetric }, level);
  const status = read.outcome === 'skipped' ? 'skipped' : statusOf({ families, problems, relayed });
  const counting = read.outcome === 'counted' ? read.figures : undefined;
  const known = before?.sources.find((source) => source.id === id)?.lastSuccessMs;
  const outcome: SourceOutcome = {
    id,
    system,
    name,
    status,
    durationMs: result.durationMs,
    samples: samplesIn(families) + samplesIn(relayed),
    overflow: folded.reduce((sum, { labelSets }) => sum + labelSets, 0),
    // Sums over the source are right all the same, and a wrong clock leaves nothing out: it is as complete as without.
    problems: [
      ...problems,
      ...foldingProblems(folded, id, capacity),
      ...(leftOut === 0 ? [] : [relayProblem(leftOut, id, capacity)]),
      ...clockProblems(id, readClocks()),
    ],
    meter: takeMeter(),
    ...(counting === undefined ? {} : { counting }),
    ...(read.outcome === 'skipped' ? { skippedBecause: read.reason } : {}),
    lastSuccessMs: status === 'complete' ? clock() : known,
    ...(told.length === 0 ? {} : { told }),
  };
  const part = { system, source: name, status, families };
  return { part: { ...part, ...besideFamilies(relayed, read) }, outcome };
}

/** What most sources have not: it is absent then, and not empty. */
function besideFamilies(relayed: readonly RelayedFamily[], read: Counted): Pick<SourcePart, 'relayed' | 'spans'> {
  const spans = read.outcome === 'counted' ? read.spans : [];
  return { ...(relayed.length === 0 ? {} : { relayed }), ...(spans.length === 0 ? {} : { spans }) };
}

interface Held {
  readonly families: readonly MetricFamily[];
  readonly folded: readonly Folding[];
  readonly relayed: readonly RelayedFamily[];
  /** Relayed series for which there was no room. */
  readonly leftOut: number;
}

/** Totals have been held to the cap by their state: to choose anew who stays would make them jump. */
function heldToCap(read: Counted, caps: SeriesCaps, level: number): Held {
  const { families, relayed = [], folded = [] } = collectionOf(read);
  const isCounted = ({ definition }: MetricFamily): boolean =>
    read.outcome === 'counted' && read.counted.has(definition.name);
  const counted = families.filter(isCounted);
  const capped = capSeries(
    families.filter((family) => !isCounted(family)),
    { ...caps, room: Math.max(0, level - samplesIn(counted)) },
  );
  const own = [...capped.families, ...counted];
  const passedOn = withinRoom(relayed, Math.max(0, level - samplesIn(own)));
  return {
    families: inCanonicalOrder(own),
    folded: [...folded, ...capped.folded, ...(read.outcome === 'counted' ? read.figures.folded : [])],
    relayed: passedOn,
    leftOut: samplesIn(relayed) - samplesIn(passedOn),
  };
}

/** Series of another system have no sum, so metrics that do not fit are left out as a whole, the last by name first. */
function withinRoom(relayed: readonly RelayedFamily[], room: number): readonly RelayedFamily[] {
  if (samplesIn(relayed) <= room) return relayed;
  let left = room;
  const kept = new Set<RelayedFamily>();
  // How the reading went comes first, and in any case.
  const inOrder = relayed.toSorted((a, b) => compareText(a.about, b.about) || compareText(a.name, b.name));
  for (const family of inOrder) {
    const fits = family.samples.length <= left;
    if (!fits && family.about !== 'scrape') continue;
    left -= family.samples.length;
    kept.add(family);
  }
  return relayed.filter((family) => kept.has(family));
}

function relayProblem(leftOut: number, where: string, { samples, remedy }: Capacity): Problem {
  const carried = `a run carries ${samples.toLocaleString('en-US')} samples with its memory and its time`;
  const message = `${leftOut.toLocaleString('en-US')} relayed series are left out, whole metrics and the last by name first, because ${carried}; ${remedy}, or select fewer with \`metrics\` of the source`;
  return { kind: 'configuration', where, message };
}

/** Whatever a source says comes in here, so that no name of it reaches a sink or a line as it was. */
function admitted(read: Counted, cleaner: Cleaner | undefined): Counted {
  if (read.outcome === 'skipped') return read;
  const { families, relayed, problems, folded } = read.collection;
  const collection = {
    ...(folded === undefined ? {} : { folded }),
    families: families.map((family) => admittedFamily(family, cleaner)),
    problems: problems.map((problem) => admittedProblem(problem, cleaner)),
    ...(relayed === undefined ? {} : { relayed: relayed.map((family) => admittedRelayed(family, cleaner)) }),
  };
  return { ...read, collection };
}

function collectionOf(read: Counted): Collection {
  return read.outcome === 'skipped' ? { families: [], problems: read.problems } : read.collection;
}

function countedOf(result: PartResult<Counted>): Counted {
  if ('value' in result) return result.value;
  return { outcome: 'uncounted', collection: { families: [], problems: [result.problem] } };
}

function samplesOf({ families, relayed = [] }: Collection): number {
  return samplesIn(families) + samplesIn(relayed);
}

function samplesIn(families: readonly { readonly samples: readonly unknown[] }[]): number {
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}

function statusOf({ families, problems, relayed = [] }: Collection): SourcePart['status'] {
  if (problems.length === 0) return 'complete';
  // That a target does not answer is all that a failed relay knows.
  return samplesIn(families) + samplesIn(relayed.filter(({ about }) => about === 'target')) > 0 ? 'partial' : 'failed';
}

/** What a sink took, and how it went. */
export function deliveryOf(
  { id, name }: ConfiguredSink,
  result: PartResult<Delivery>,
  cleaner: Cleaner | undefined,
): SinkOutcome {
  const admitted = (problem: Problem): Problem => admittedProblem(problem, cleaner);
  const { durationMs } = result;
  if ('value' in result) {
    const { accepted, requests, bytes, isUnanswered, pending, unconfirmed, dropped } = result.value;
    const problems = result.value.problems.map(admitted);
    return { id, name, durationMs, accepted, requests, bytes, problems, isUnanswered, pending, unconfirmed, dropped };
  }
  return { id, name, durationMs, accepted: 0, requests: 0, bytes: 0, problems: [admitted(result.problem)] };
}
