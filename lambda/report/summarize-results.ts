/** Summarizes what each source gave and each sink took, and holds sources to the series caps. */
import { groupDigits } from '../model/text/wording.ts';
import type { CountedTick } from '../counters/tick/count-tick.ts';
import { admitFamilies, admitProblem, admitRelayed, type Cleaner } from '../model/text/admit.ts';
import type { SourceOutput } from '../model/batch.ts';
import { capSeries, type Folding, type SeriesCaps } from '../model/limits/cap.ts';
import { countSamples, type GaugeFamily, type MetricFamily } from '../model/metric.ts';
import { compareText, sortFamilies } from '../model/families/order.ts';
import type { Problem } from '../model/problem.ts';
import type { RelayedFamily } from '../model/relayed.ts';
import type { ConfiguredSink, ConfiguredSource, Pipeline } from '../pipeline.ts';
import { type Capacity, shareOut } from '../model/limits/capacity.ts';
import type { ComponentResult } from '../runtime/run-each.ts';
import type { Collection } from '../model/collection.ts';
import type { Delivery } from '../model/delivery.ts';
import { describeClockProblems } from './clock-problem.ts';
import { describeFolding, describeUnpriced } from './problems.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from './report.ts';

export interface SourceSummary {
  readonly output: SourceOutput;
  readonly outcome: SourceOutcome;
}

export interface SummaryContext {
  readonly before: RunReport | undefined;
  /** Samples of all sources together that the run can carry, where they have given so many. */
  readonly determineCapacity: (samples: number) => Capacity;
}

/**
 * What the sources gave, held to the series cap and to what the run can carry: what one source leaves of its share, the
 * others have.
 */
export function summarizeSources(
  pipeline: Pipeline,
  results: readonly { readonly component: ConfiguredSource; readonly result: ComponentResult<CountedTick> }[],
  { before, determineCapacity }: SummaryContext,
): readonly SourceSummary[] {
  const read = results.map(({ component, result }) => ({
    component,
    result,
    ...withoutHealth(admitResult(unwrapResult(result), pipeline.cleaner)),
  }));
  const sizes = read.map((one) => countCollectionSamples(collectionOf(one.read)));
  const capacity = determineCapacity(sizes.reduce((sum, size) => sum + size, 0));
  const level = shareOut(sizes, capacity.samples);
  return read.map((one) => summarizeSource(pipeline, one, { before, capacity, level }));
}

interface SourceRead extends Apart {
  readonly component: ConfiguredSource;
  readonly result: ComponentResult<CountedTick>;
}

interface Apart {
  readonly read: CountedTick;
  /** Figures of the collector's health that only the source knows. */
  readonly told: readonly GaugeFamily[];
}

/**
 * When a credential ends stands in the credential itself: it is told with the collector's health, on every way on which
 * that is, and a run that knows nothing else has failed all the same.
 */
function withoutHealth(read: CountedTick): Apart {
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

interface SourceContext extends Pick<SummaryContext, 'before'> {
  readonly capacity: Capacity;
  /** The most samples of one source. */
  readonly level: number;
}

/** What a source gave, and how it went. */
function summarizeSource(
  { clock, maxSeriesPerMetric, maxQueuesPerMetric }: Pipeline,
  { component: { id, system, name, takeMeter, readClocks }, result, read, told: fromServer }: SourceRead,
  { before, capacity, level }: SourceContext,
): SourceSummary {
  const { problems } = collectionOf(read);
  const { families, relayed, folded, leftOut } = holdToCap(read, { maxSeriesPerMetric, maxQueuesPerMetric }, level);
  const status = read.outcome === 'skipped' ? 'skipped' : determineStatus({ families, problems, relayed });
  const counting = read.outcome === 'counted' ? read.figures : undefined;
  const known = before?.sources.find((source) => source.id === id)?.lastSuccessMs;
  const outcome: SourceOutcome = {
    id,
    system,
    name,
    status,
    durationMs: result.durationMs,
    samples: countSamples(families) + countSamples(relayed),
    overflow: folded.reduce((sum, { labelSets }) => sum + labelSets, 0),
    // Sums over the source are right all the same, and a wrong clock leaves nothing out: it is as complete as without.
    problems: [
      ...problems,
      ...describeFolding(folded, id, capacity),
      ...describeUnpriced(counting, id),
      ...(leftOut === 0 ? [] : [describeLeftOut(leftOut, id, capacity)]),
      ...describeClockProblems(id, readClocks()),
    ],
    meter: takeMeter(),
    ...(counting === undefined ? {} : { counting }),
    ...(read.outcome === 'skipped' ? { skippedBecause: read.reason } : {}),
    lastSuccessMs: status === 'complete' ? clock() : known,
    ...(fromServer.length === 0 ? {} : { told: fromServer }),
  };
  const output = { system, source: name, status, families };
  return { output: { ...output, ...collectExtras(relayed, read) }, outcome };
}

/** What most sources have not: it is absent then, and not empty. */
function collectExtras(
  relayed: readonly RelayedFamily[],
  read: CountedTick,
): Pick<SourceOutput, 'relayed' | 'spans' | 'countedSinceMs'> {
  const { spans, sinceMs } = read.outcome === 'counted' ? read : { spans: [], sinceMs: undefined };
  return {
    ...(relayed.length === 0 ? {} : { relayed }),
    ...(spans.length === 0 ? {} : { spans }),
    ...(sinceMs === undefined ? {} : { countedSinceMs: sinceMs }),
  };
}

interface Held {
  readonly families: readonly MetricFamily[];
  readonly folded: readonly Folding[];
  readonly relayed: readonly RelayedFamily[];
  /** Relayed series for which there was no room. */
  readonly leftOut: number;
}

/** Counted series are capped by their state already; choosing others here would make totals jump. */
function holdToCap(read: CountedTick, caps: SeriesCaps, level: number): Held {
  const { families, relayed = [], folded = [] } = collectionOf(read);
  const isCounted = ({ definition }: MetricFamily): boolean =>
    read.outcome === 'counted' && read.cappedMetrics.has(definition.name);
  const counted = families.filter(isCounted);
  const capped = capSeries(
    families.filter((family) => !isCounted(family)),
    { ...caps, room: Math.max(0, level - countSamples(counted)) },
  );
  const own = [...capped.families, ...counted];
  const passedOn = fitIntoRoom(relayed, Math.max(0, level - countSamples(own)));
  return {
    families: sortFamilies(own),
    folded: [...folded, ...capped.folded, ...(read.outcome === 'counted' ? read.figures.folded : [])],
    relayed: passedOn,
    leftOut: countSamples(relayed) - countSamples(passedOn),
  };
}

/** Series of another system have no sum, so metrics that do not fit are left out as a whole, the last by name first. */
function fitIntoRoom(relayed: readonly RelayedFamily[], room: number): readonly RelayedFamily[] {
  if (countSamples(relayed) <= room) return relayed;
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

function describeLeftOut(leftOut: number, where: string, { samples, remedy }: Capacity): Problem {
  const carried = `a run carries ${groupDigits(samples)} samples with its memory and its time`;
  const message = `${groupDigits(leftOut)} relayed series are left out, whole metrics and the last by name first, because ${carried}; ${remedy}, or select fewer with \`metrics\` of the source`;
  return { kind: 'configuration', where, message };
}

/** Cleans all names and texts of a source, before they reach a sink or a log line. */
function admitResult(read: CountedTick, cleaner: Cleaner | undefined): CountedTick {
  if (read.outcome === 'skipped') return read;
  const { families, relayed, problems, folded } = read.collection;
  const collection = {
    ...(folded === undefined ? {} : { folded }),
    families: admitFamilies(families, cleaner),
    problems: problems.map((problem) => admitProblem(problem, cleaner)),
    ...(relayed === undefined ? {} : { relayed: relayed.map((family) => admitRelayed(family, cleaner)) }),
  };
  return { ...read, collection };
}

function collectionOf(read: CountedTick): Collection {
  return read.outcome === 'skipped' ? { families: [], problems: read.problems } : read.collection;
}

function unwrapResult(result: ComponentResult<CountedTick>): CountedTick {
  if ('value' in result) return result.value;
  return { outcome: 'uncounted', collection: { families: [], problems: [result.problem] } };
}

function countCollectionSamples({ families, relayed = [] }: Collection): number {
  return countSamples(families) + countSamples(relayed);
}

function determineStatus({ families, problems, relayed = [] }: Collection): SourceOutput['status'] {
  if (problems.length === 0) return 'complete';
  // That a target does not answer is all that a failed relay knows.
  return countSamples(families) + countSamples(relayed.filter(({ about }) => about === 'target')) > 0
    ? 'partial'
    : 'failed';
}

/** What a sink took, and how it went. */
export function summarizeSink(
  { id, name }: ConfiguredSink,
  result: ComponentResult<Delivery>,
  cleaner: Cleaner | undefined,
): SinkOutcome {
  const admit = (problem: Problem): Problem => admitProblem(problem, cleaner);
  const { durationMs } = result;
  if ('value' in result) {
    const { accepted, requests, bytes, isUnanswered, pending, unconfirmed, dropped } = result.value;
    const problems = result.value.problems.map(admit);
    return { id, name, durationMs, accepted, requests, bytes, problems, isUnanswered, pending, unconfirmed, dropped };
  }
  return { id, name, durationMs, accepted: 0, requests: 0, bytes: 0, problems: [admit(result.problem)] };
}
