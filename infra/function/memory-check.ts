/** Refuses a memory that cannot hold what the configuration lets one source have, its state included, and warns where all together have more. */
import { Annotations } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { groupDigits } from '../../lambda/model/text/wording.ts';
import { chooseCap } from '../../lambda/model/limits/cap.ts';
import {
  estimateMemory,
  estimateAnswerMemory,
  countSamplesInMemory,
  samplesOfCounted,
} from '../../lambda/model/limits/capacity.ts';
import type { MetricDefinition } from '../../lambda/model/metric.ts';
import { runLastFinished, runLastResult, runLastSuccess } from '../../lambda/model/catalogue/run-metrics.ts';
import type { PreparedSource } from '../../lambda/sources/source.ts';
import type { Prepared } from '../prepared.ts';

/**
 * What one source may have at the limits of the configuration. A run folds what it has no room for, so nothing breaks;
 * but limits that the memory cannot hold are an error. What all sources may have together is only a warning, because
 * they hardly reach their limits at the same time.
 */
export function checkMemory(scope: Construct, prepared: Prepared, memoryMegabytes: number): void {
  checkAnswers(scope, prepared, memoryMegabytes);
  const perSource = prepared.sources.map((source) => needOf(source, prepared));
  const most = perSource.toSorted((a, b) => roomFor(b) - roomFor(a))[0] ?? { samples: 0, counted: 0 };
  const fits = countSamplesInMemory(memoryMegabytes);
  const all = perSource.reduce((sum, { samples }) => sum + samples, 0);
  if (roomFor(most) > fits) Annotations.of(scope).addError(describeRefusal(most, fits, memoryMegabytes, prepared));
  else if (all > fits) {
    Annotations.of(scope).addWarningV2(
      'ci-metrics:memory',
      `all ${String(perSource.length)} sources together may have ${groupDigits(all)} samples at their limits, and ${String(memoryMegabytes)} MB hold ${groupDigits(fits)}: should they ever have more, each run makes the rest one series, #other#, and tells it. To hold all of them set deployment.memoryMegabytes to ${String(estimateMemory(all))}`,
    );
  }
}

/** One answer is always let in, however large: what its configuration allows must not end the process. */
function checkAnswers(scope: Construct, { sources }: Prepared, memoryMegabytes: number): void {
  for (const { name, answerMegabytes = 0 } of sources) {
    const needed = estimateAnswerMemory(answerMegabytes);
    if (answerMegabytes === 0 || needed <= memoryMegabytes) continue;
    Annotations.of(scope).addError(
      `deployment.memoryMegabytes: source "${name}" takes pages of up to ${String(answerMegabytes)} MB (limits.megabytes), and ${String(memoryMegabytes)} MB do not hold one beside the function itself; set deployment.memoryMegabytes to at least ${String(needed)}, or lower limits.megabytes`,
    );
  }
}

function describeRefusal(most: Need, fits: number, memoryMegabytes: number, { config }: Prepared): string {
  const { queuesPerMetric, seriesPerMetric } = config;
  const limits = `queuesPerMetric ${groupDigits(queuesPerMetric)} and seriesPerMetric ${groupDigits(seriesPerMetric)}`;
  const room = roomFor(most);
  const state =
    most.counted === 0
      ? ''
      : `, of which ${groupDigits(most.counted)} are counted and with their place in the state take as much as ${String(samplesOfCounted)} each`;
  return `deployment.memoryMegabytes: ${String(memoryMegabytes)} MB hold ${groupDigits(fits)} samples, and one source may have ${groupDigits(most.samples)} with ${limits}${state}; set deployment.memoryMegabytes to at least ${String(estimateMemory(room))}, or lower the two limits to ${String(Math.floor((fits / room) * 100))} % of what they are`;
}

interface Need {
  readonly samples: number;
  /** Those of them that have a place in the state. */
  readonly counted: number;
}

/** In samples that are not counted. */
function roomFor({ samples, counted }: Need): number {
  return Math.ceil(samples + counted * (samplesOfCounted - 1));
}

/** Of a metric as many label sets as its limit allows, and for each the values of its enumerated labels. */
function needOf({ metrics, needsState }: PreparedSource, { config }: Prepared): Need {
  const caps = { maxSeriesPerMetric: config.seriesPerMetric, maxQueuesPerMetric: config.queuesPerMetric };
  const sum = (definitions: readonly MetricDefinition[]): number =>
    definitions.reduce(
      (total, definition) => total + chooseCap(definition, caps).most * estimateSamplesEach(definition),
      0,
    );
  return { samples: sum(metrics), counted: needsState ? sum(metrics.filter(isKept)) : 0 };
}

/** Levels of now need no memory; the verdict of a pipeline and its times stay until it runs again. */
function isKept(definition: MetricDefinition): boolean {
  return definition.type !== 'gauge' || marks.has(definition);
}

const marks: ReadonlySet<MetricDefinition> = new Set([runLastFinished, runLastResult, runLastSuccess]);

/** Levels have a sample for each state; what is counted has one for the results that there were, which is hardly more than one. */
function estimateSamplesEach({ type, enumerated = {} }: MetricDefinition): number {
  if (type !== 'gauge') return 1;
  return Object.values<readonly string[] | undefined>(enumerated).reduce(
    (product, values) => product * Math.max(1, values?.length ?? 1),
    1,
  );
}
