/** Follows the pipelines from run to run: how many of their builds passed and failed, and how long they take. */
import type { Batch } from '../../model/batch.ts';
import { isFailedResult } from '../../model/catalogue/results.ts';
import { runDuration, runsFinished } from '../../model/catalogue/run-metrics.ts';
import type { CounterSample, Labels } from '../../model/metric.ts';
import type { PipelineNow } from '../messages.ts';
import { roundSeconds } from './follow-queues.ts';
import { listObservations } from './list-observations.ts';
import { rememberNewest } from './newest.ts';
import { findQuantile } from './quantile.ts';

/** Each has a row; beyond so many the quietest are left out, which the page tells. */
const maxPipelines = 2000;

export interface PipelineFollower {
  readonly follow: (batch: Batch) => readonly PipelineNow[];
}

interface Verdicts {
  readonly labels: Labels;
  passed: number;
  failed: number;
}

export function createPipelineFollower(): PipelineFollower {
  const inAll = new Map<string, Verdicts>();
  const durations = rememberNewest();
  return {
    follow: (batch) => {
      for (const { labels, observations } of listObservations(batch, runDuration))
        durations.add(formatKey(labels), observations);
      const ended = countVerdicts(batch);
      for (const [key, { labels, passed, failed }] of ended) addVerdicts(inAll, key, { labels, passed, failed });
      durations.keepOnly(new Set(inAll.keys()));
      return [...inAll].map(([key, all]) => {
        const { passed = 0, failed = 0 } = ended.get(key) ?? {};
        const { source = '', scope = '', pipeline = '' } = all.labels;
        const duration = roundSeconds(findQuantile(durations.list(key), 0.5));
        return {
          ...{ key, source, scope, pipeline, passed, failed, duration },
          ...{ passedInAll: all.passed, failedInAll: all.failed },
        };
      });
    },
  };
}

/** Beyond the bound a new pipeline takes the place of the one that has had no build for the longest time. */
function addVerdicts(inAll: Map<string, Verdicts>, key: string, { labels, passed, failed }: Verdicts): void {
  const known = inAll.get(key) ?? { labels, passed: 0, failed: 0 };
  if (passed + failed > 0) inAll.delete(key);
  inAll.set(key, { labels, passed: known.passed + passed, failed: known.failed + failed });
  if (inAll.size <= maxPipelines) return;
  const [quietest] = inAll.keys();
  if (quietest !== undefined) inAll.delete(quietest);
}

/** Builds with a verdict that ended in this run; cancelled and skipped ones say nothing. */
function countVerdicts({ sources: parts }: Batch): ReadonlyMap<string, Verdicts> {
  const found = new Map<string, Verdicts>();
  for (const { labels, increase } of parts.flatMap(({ families }) => families).flatMap(listFinished)) {
    const key = formatKey(labels);
    const verdicts = found.get(key) ?? { labels, passed: 0, failed: 0 };
    const result = labels['result'] ?? '';
    if (result === 'success') verdicts.passed += increase;
    if (isFailedResult(result)) verdicts.failed += increase;
    found.set(key, verdicts);
  }
  return found;
}

function listFinished(family: Batch['sources'][number]['families'][number]): readonly CounterSample[] {
  return family.type === 'counter' && family.definition.name === runsFinished.name ? family.samples : [];
}

function formatKey(labels: Labels): string {
  return JSON.stringify([labels['source'], labels['scope'], labels['pipeline'], labels['system']]);
}
