/** Makes the datums of a batch, the most important ones first. */
import { matchSelection } from '../../../settings/glob.ts';
import type { Batch } from '../../../model/batch.ts';
import {
  buildDeploymentDimensions,
  collectMetricNames,
  generateMappedPoints,
  resolveNamespace,
} from '../../../model/for-sinks/cloud-watch-shape.ts';
import { compareImportance } from '../../../model/for-sinks/importance.ts';
import type { MetricDefinition, MetricFamily } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import type { CloudWatchConfig } from '../config.ts';
import { type Datum, type DatumContext, buildDatums } from './datum.ts';
import { createFindings, type Findings } from './findings.ts';
import { type Contribution, groupIntoSets, type FamilyInSet } from './dimension-sets.ts';
import { omitTwins } from './omit-twins.ts';
import { checkNames, checkValue, type OmissionReason } from './check-datum.ts';
import { createKnownDimensions, type KnownDimensions } from './known-dimensions.ts';
import { minuteMs } from '../../../model/time.ts';

export interface EncodeSettings {
  readonly config: CloudWatchConfig;
  /** Name of the deployment. */
  readonly collector: string;
  readonly intervalMs: number;
  /** Counters that stood still cost nothing when they are not sent; a price has to count them all the same. */
  readonly unchanged?: 'omit' | 'include';
  /** What earlier runs have made; default: nothing. */
  readonly known?: KnownDimensions;
}

/**
 * The datums of a batch, made while they are asked for: those of 10,000 queues never stand in memory together.
 * Levels come first and sums last, so that at most one request of a namespace has both and must not be sent twice.
 */
export interface Encoding {
  readonly datums: Iterable<Datum>;
  /** What was left out, and why; complete when the datums are at their end. */
  readonly problems: () => readonly Problem[];
  /** Increases among what was left out; complete with the problems. */
  readonly lostSums: () => number;
  /** Levels that were not made, because the time was over; complete with the problems. */
  readonly unmade: () => readonly Unmade[];
}

/** Datums of one metric for which there was no time. */
export interface Unmade {
  readonly namespace: string;
  readonly name: string;
  /** In the first of its dimension sets. */
  readonly count: number;
}

/** The datums of a batch; what CloudWatch would refuse is left out and reported. */
export function encodeDatums(batch: Batch, settings: EncodeSettings, isTimeOver = isNever): Encoding {
  const { config, known = createKnownDimensions() } = settings;
  known.beginRun();
  const contributions = collectContributions(batch, settings).toSorted((a, b) =>
    compareImportance(a.family.definition, b.family.definition),
  );
  const metrics = [...Map.groupBy(contributions, ({ family }) => family.definition.name).values()];
  const findings = createFindings(config);
  const unmade: Unmade[] = [];
  const noteUnmade: Encoder['noteUnmade'] = ({ cloudWatch }, count) => {
    const [name = ''] = collectMetricNames(cloudWatch);
    unmade.push({ namespace: resolveNamespace(cloudWatch.namespace, config.namespace), name, count });
  };
  return {
    datums: generateDatums(
      batch,
      [...metrics.filter(isLevel), ...metrics.filter((metric) => !isLevel(metric))],
      { ...settings, known, isTimeOver, noteUnmade },
      findings,
    ),
    unmade: () => unmade,
    problems: findings.problems,
    lostSums: findings.lostSums,
  };
}

function isNever(): boolean {
  return false;
}

interface Encoder extends EncodeSettings {
  readonly known: KnownDimensions;
  /** Levels are left out then, for the next run has newer ones; sums are made all the same, to be kept. */
  readonly isTimeOver: () => boolean;
  readonly noteUnmade: (definition: MetricDefinition, count: number) => void;
}

function isLevel([first]: readonly Contribution[]): boolean {
  return first?.family.type === 'gauge';
}

function collectContributions(
  { sources, health }: Batch,
  { config: { metrics, collectorMetrics }, unchanged = 'omit' }: EncodeSettings,
): readonly Contribution[] {
  const isPublished = matchSelection(metrics ?? {});
  const own: readonly Contribution[] =
    collectorMetrics === 'api'
      ? health.map((family) => ({ output: { system: 'collector', status: 'complete' }, family }))
      : [];
  const read = sources.flatMap((output) => omitTwins(output, isPublished).map((family) => ({ output, family })));
  return [...read, ...own]
    .filter(({ family }) => collectMetricNames(family.definition.cloudWatch).some(isPublished))
    .map(({ output, family }) => ({
      output,
      family: unchanged === 'omit' ? omitUnchanged(family) : addStandIns(family),
    }));
}

/** Without the series to which this run added nothing: CloudWatch adds up, and takes what is absent for 0. */
function omitUnchanged(family: MetricFamily): MetricFamily {
  if (family.type === 'counter') return { ...family, samples: family.samples.filter(({ increase }) => increase !== 0) };
  if (family.type !== 'distribution') return family;
  return { ...family, samples: family.samples.filter(({ observations }) => observations.length > 0) };
}

/** With an observation where there was none, so that every series has a datum. */
function addStandIns(family: MetricFamily): MetricFamily {
  if (family.type !== 'distribution') return family;
  const samples = family.samples.map((sample) =>
    sample.observations.length > 0 ? sample : { ...sample, observations: [0] },
  );
  return { ...family, samples };
}

function* generateDatums(
  { sources, tickMs }: Batch,
  metrics: readonly (readonly Contribution[])[],
  settings: Encoder,
  findings: Findings,
): Generator<Datum> {
  for (const contributions of metrics) {
    const definition = contributions[0]?.family.definition;
    if (definition === undefined) continue;
    if (isLevel(contributions) && settings.isTimeOver()) {
      const samples = contributions.reduce((sum, { family }) => sum + family.samples.length, 0);
      settings.noteUnmade(definition, samples);
      continue;
    }
    const { families, duplicates } = groupIntoSets(definition, contributions, sources);
    findings.noteMetric(definition, duplicates);
    for (const family of families) yield* encodeFamily(definition, family, tickMs, settings, findings);
  }
}

/** A millisecond's work or less; to ask the clock for each point would cost as much again. */
const pointsBetweenClockReadings = 256;

function* encodeFamily(
  definition: MetricDefinition,
  { set, family }: FamilyInSet,
  tickMs: number,
  encoder: Encoder,
  findings: Findings,
): Generator<Datum> {
  const { config, collector, known, noteUnmade } = encoder;
  const context = describeContext(definition, encoder);
  const names = checkMetricNames(definition, context.namespace, config);
  const isLeftOut = createBareTotalsFilter(definition, config);
  const extra = { ...config.dimensions, ...buildDeploymentDimensions(definition.cloudWatch.namespace, collector) };
  const mapLabels = known.openSet(set, extra);
  let made = 0;
  for (const point of generateMappedPoints(family, { set, tickMs, mapLabels })) {
    if (isTooLate(made, family, encoder)) {
      noteUnmade(definition, family.samples.length - made);
      return;
    }
    made += 1;
    const name = names.get(point.name);
    if (name === undefined || isLeftOut(point.mapped.dimensions)) continue;
    const refusal = name.refusal ?? point.mapped.refusal;
    for (const datum of buildDatums(point, context)) {
      const reason = refusal ?? checkValue(datum.value);
      if (reason === undefined) yield datum;
      else findings.noteOmission(datum, reason);
    }
  }
}

function createBareTotalsFilter(
  { cloudWatch: { namespace } }: MetricDefinition,
  { bareTotals }: CloudWatchConfig,
): (dimensions: readonly unknown[]) => boolean {
  const isOmitted = typeof namespace === 'object' && bareTotals === 'omit';
  return (dimensions) => isOmitted && dimensions.length === 0;
}

/** Levels are made no longer when the time is over. */
function isTooLate(made: number, { type }: MetricFamily, { isTimeOver }: Encoder): boolean {
  return type === 'gauge' && (made + 1) % pointsBetweenClockReadings === 0 && isTimeOver();
}

function describeContext({ type, cloudWatch }: MetricDefinition, { config, intervalMs }: EncodeSettings): DatumContext {
  return {
    namespace: resolveNamespace(cloudWatch.namespace, config.namespace),
    type,
    resolution: intervalMs < minuteMs && config.resolution === 'interval' ? 'high' : 'standard',
  };
}

interface CheckedName {
  readonly refusal: OmissionReason | undefined;
}

/** The names that a metric is published by; it has few, and thousands of samples. */
function checkMetricNames(
  { cloudWatch }: MetricDefinition,
  namespace: string,
  { metrics = {} }: CloudWatchConfig,
): ReadonlyMap<string, CheckedName> {
  const published = collectMetricNames(cloudWatch).filter(matchSelection(metrics));
  return new Map(published.map((name) => [name, { refusal: checkNames(namespace, name) }]));
}
