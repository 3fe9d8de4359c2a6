import type { Counted } from '../counters/counted.ts';
import { admittedFamily, admittedProblem, admittedRelayed, type Cleaner } from '../model/admitted.ts';
import type { SourcePart } from '../model/batch.ts';
import { capSeries, type Folding, type SeriesCaps } from '../model/cap.ts';
import { tokenExpiry } from '../model/catalogue.ts';
import type { MetricFamily } from '../model/metric.ts';
import { inCanonicalOrder } from '../model/order.ts';
import type { Problem } from '../model/problem.ts';
import type { ConfiguredSink, ConfiguredSource, Pipeline } from '../pipeline.ts';
import type { PartResult } from '../runtime/each.ts';
import type { Delivery } from '../sinks/sink.ts';
import type { Collection } from '../sources/source.ts';
import { clockProblems } from './clock-problem.ts';
import { foldingProblems } from './folding-problem.ts';
import type { RunReport, SinkOutcome, SourceOutcome } from './report.ts';

export interface Reading {
  readonly part: SourcePart;
  readonly outcome: SourceOutcome;
}

/** What a source gave, held to the series cap, and how it went. */
export function readingOf(
  { clock, maxSeriesPerMetric, maxQueuesPerMetric, cleaner }: Pipeline,
  { id, system, name, takeMeter, readClocks }: ConfiguredSource,
  result: PartResult<Counted>,
  before: RunReport | undefined,
): Reading {
  const read = admitted(countedOf(result), cleaner);
  const { problems, relayed = [] } = collectionOf(read);
  const { families, folded } = heldToCap(read, { maxSeriesPerMetric, maxQueuesPerMetric });
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
    problems: [...problems, ...foldingProblems(folded, id), ...clockProblems(id, readClocks())],
    meter: takeMeter(),
    ...(counting === undefined ? {} : { counting }),
    ...(read.outcome === 'skipped' ? { skippedBecause: read.reason } : {}),
    lastSuccessMs: status === 'complete' ? clock() : known,
  };
  const part = { system, source: name, status: publishedAs(status, families), families };
  return { part: relayed.length === 0 ? part : { ...part, relayed }, outcome };
}

interface Held {
  readonly families: readonly MetricFamily[];
  readonly folded: readonly Folding[];
}

/** Totals have been held to the cap by their state: to choose anew who stays would make them jump. */
function heldToCap(read: Counted, caps: SeriesCaps): Held {
  const { families } = collectionOf(read);
  if (read.outcome !== 'counted') {
    const capped = capSeries(families, caps);
    return { families: inCanonicalOrder(capped.families), folded: capped.folded };
  }
  const isCounted = ({ definition }: MetricFamily): boolean => read.counted.has(definition.name);
  const capped = capSeries(
    families.filter((family) => !isCounted(family)),
    caps,
  );
  return {
    families: inCanonicalOrder([...capped.families, ...families.filter(isCounted)]),
    folded: [...capped.folded, ...read.figures.folded],
  };
}

/** Whatever a source says comes in here, so that no name of it reaches a sink or a line as it was. */
function admitted(read: Counted, cleaner: Cleaner | undefined): Counted {
  if (read.outcome === 'skipped') return read;
  const { families, relayed, problems } = read.collection;
  const collection = {
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

function samplesIn(families: readonly { readonly samples: readonly unknown[] }[]): number {
  return families.reduce((sum, { samples }) => sum + samples.length, 0);
}

/** The end of a token stands in the token itself: it is published, but a run that knows nothing else has failed. */
function isToldByOthers({ definition }: MetricFamily): boolean {
  return definition.name !== tokenExpiry.name;
}

/** What a failed source knows without asking is published all the same. */
function publishedAs(status: SourcePart['status'], families: readonly MetricFamily[]): SourcePart['status'] {
  return status === 'failed' && samplesIn(families) > 0 ? 'partial' : status;
}

function statusOf({ families, problems, relayed = [] }: Collection): SourcePart['status'] {
  if (problems.length === 0) return 'complete';
  // That a target does not answer is all that a failed relay knows.
  const told = families.filter(isToldByOthers);
  return samplesIn(told) + samplesIn(relayed.filter(({ about }) => about === 'target')) > 0 ? 'partial' : 'failed';
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
    const { accepted, requests, bytes, pending, unconfirmed, dropped } = result.value;
    const problems = result.value.problems.map(admitted);
    return { id, name, durationMs, accepted, requests, bytes, problems, pending, unconfirmed, dropped };
  }
  return { id, name, durationMs, accepted: 0, requests: 0, bytes: 0, problems: [admitted(result.problem)] };
}
