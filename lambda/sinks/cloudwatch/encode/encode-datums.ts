/** Makes the datums of a batch, the most important ones first. */
import { selects } from '../../../config/glob.ts';
import { minuteMs } from '../../../config/interval.ts';
import type { Batch } from '../../../model/batch.ts';
import {
  type CloudWatchPoint,
  deploymentDimensions,
  metricNames,
  namespaceOf,
  pointsOf,
} from '../../../model/for-sinks/cloud-watch-shape.ts';
import { compareImportance } from '../../../model/for-sinks/importance.ts';
import type { MetricDefinition, MetricFamily } from '../../../model/metric.ts';
import type { Problem } from '../../../model/problem.ts';
import type { CloudWatchConfig } from '../config.ts';
import { type Datum, type DatumContext, datumsOf } from './datum.ts';
import { createFindings, type Findings } from './findings.ts';
import { extraDimensions } from './extra-dimensions.ts';
import { type Contribution, familiesInSets, type FamilyInSet } from './dimension-sets.ts';
import { withoutTwins } from './omit-twins.ts';
import { faultOf } from './check-datum.ts';

export interface EncodeSettings {
  readonly config: CloudWatchConfig;
  /** Name of the deployment. */
  readonly collector: string;
  readonly intervalMs: number;
  /** Counters that stood still cost nothing when they are not sent; a price has to count them all the same. */
  readonly unchanged?: 'omit' | 'include';
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

/** What of a batch CloudWatch gets; what it would refuse is left out and told, and the rest is kept. */
export function encode(batch: Batch, settings: EncodeSettings, isTimeOver = never): Encoding {
  const { config } = settings;
  const contributions = contributionsOf(batch, settings).toSorted((a, b) =>
    compareImportance(a.family.definition, b.family.definition),
  );
  const metrics = [...Map.groupBy(contributions, ({ family }) => family.definition.name).values()];
  const findings = createFindings(config);
  const unmade: Unmade[] = [];
  const leaveOut: Encoder['leaveOut'] = ({ cloudWatch }, count) => {
    const [name = ''] = metricNames(cloudWatch);
    unmade.push({ namespace: namespaceOf(cloudWatch.namespace, config.namespace), name, count });
  };
  return {
    datums: encodeAll(
      batch,
      [...metrics.filter(isLevel), ...metrics.filter((metric) => !isLevel(metric))],
      { ...settings, isTimeOver, leaveOut },
      findings,
    ),
    unmade: () => unmade,
    problems: findings.problems,
    lostSums: findings.lostSums,
  };
}

function never(): boolean {
  return false;
}

interface Encoder extends EncodeSettings {
  /** Levels are left out then, for the next run has newer ones; sums are made all the same, to be kept. */
  readonly isTimeOver: () => boolean;
  readonly leaveOut: (definition: MetricDefinition, count: number) => void;
}

function isLevel([first]: readonly Contribution[]): boolean {
  return first?.family.type === 'gauge';
}

function contributionsOf(
  { parts, health }: Batch,
  { config: { metrics, collectorMetrics }, unchanged = 'omit' }: EncodeSettings,
): readonly Contribution[] {
  const isPublished = selects(metrics ?? {});
  const own: readonly Contribution[] =
    collectorMetrics === 'api'
      ? health.map((family) => ({ part: { system: 'collector', status: 'complete' }, family }))
      : [];
  const read = parts.flatMap((part) => withoutTwins(part, isPublished).map((family) => ({ part, family })));
  return [...read, ...own]
    .filter(({ family }) => metricNames(family.definition.cloudWatch).some(isPublished))
    .map(({ part, family }) => ({ part, family: unchanged === 'omit' ? changed(family) : withStandIns(family) }));
}

/** Without the series to which this run added nothing: CloudWatch adds up, and takes what is absent for 0. */
function changed(family: MetricFamily): MetricFamily {
  if (family.type === 'counter') return { ...family, samples: family.samples.filter(({ increase }) => increase !== 0) };
  if (family.type !== 'distribution') return family;
  return { ...family, samples: family.samples.filter(({ observations }) => observations.length > 0) };
}

/** With an observation where there was none, so that every series has a datum. */
function withStandIns(family: MetricFamily): MetricFamily {
  if (family.type !== 'distribution') return family;
  const samples = family.samples.map((sample) =>
    sample.observations.length > 0 ? sample : { ...sample, observations: [0] },
  );
  return { ...family, samples };
}

function* encodeAll(
  { parts, tickMs }: Batch,
  metrics: readonly (readonly Contribution[])[],
  settings: Encoder,
  findings: Findings,
): Generator<Datum> {
  for (const contributions of metrics) {
    const definition = contributions[0]?.family.definition;
    if (definition === undefined) continue;
    if (isLevel(contributions) && settings.isTimeOver()) {
      const samples = contributions.reduce((sum, { family }) => sum + family.samples.length, 0);
      settings.leaveOut(definition, samples);
      continue;
    }
    const { families, duplicates } = familiesInSets(definition, contributions, parts);
    findings.metric(definition, duplicates);
    for (const family of families) yield* encodeSet(definition, family, tickMs, settings, findings);
  }
}

/** Stops making levels when the time is over. */
function* inTime(
  points: Iterable<CloudWatchPoint>,
  { type, definition, samples }: MetricFamily,
  { isTimeOver, leaveOut }: Pick<Encoder, 'isTimeOver' | 'leaveOut'>,
): Generator<CloudWatchPoint> {
  let made = 0;
  for (const point of points) {
    if (type === 'gauge' && (made + 1) % pointsBetweenLooks === 0 && isTimeOver()) {
      leaveOut(definition, samples.length - made);
      return;
    }
    made += 1;
    yield point;
  }
}

/** A millisecond's work or less; to ask the clock for each point would cost as much again. */
const pointsBetweenLooks = 256;

function* encodeSet(
  definition: MetricDefinition,
  { set, family }: FamilyInSet,
  tickMs: number,
  { config, collector, intervalMs, isTimeOver, leaveOut }: Encoder,
  findings: Findings,
): Generator<Datum> {
  const isPublished = selects(config.metrics ?? {});
  const isVendor = typeof definition.cloudWatch.namespace === 'object';
  const isOmitted = (dimensions: number): boolean => dimensions === 0 && isVendor && config.bareTotals === 'omit';
  const context: DatumContext = {
    namespace: namespaceOf(definition.cloudWatch.namespace, config.namespace),
    type: definition.type,
    resolution: intervalMs < minuteMs && config.resolution === 'interval' ? 'high' : 'standard',
  };
  const { namespace: role } = definition.cloudWatch;
  const withExtra = extraDimensions({ ...config.dimensions, ...deploymentDimensions(role, collector) });
  for (const point of inTime(pointsOf(family, set, tickMs), family, { isTimeOver, leaveOut })) {
    if (!isPublished(point.name) || isOmitted(point.dimensions.length)) continue;
    for (const datum of datumsOf({ ...point, dimensions: withExtra(point.dimensions) }, context)) {
      const fault = faultOf(datum);
      if (fault === undefined) yield datum;
      else findings.fault(datum, fault);
    }
  }
}
