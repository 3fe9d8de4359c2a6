/** Finds settings that are allowed but do nothing, as the rest of the configuration stands: each is told as a warning. */
import { jobsFinished } from '../../model/catalogue/job-metrics.ts';
import { runsFinished } from '../../model/catalogue/run-metrics.ts';
import { prepareSource } from '../../sources/prepare-source.ts';
import type { ConfigFinding } from '../config-error.ts';

/** What is looked at of a checked configuration. */
export interface ComparedConfig {
  readonly sources: readonly Readonly<Record<string, unknown>>[];
  readonly sinks: readonly Readonly<Record<string, unknown>>[];
}

/** Traces are made of the runs and jobs that a source counts. */
export function findIdleSettings({ sources, sinks }: ComparedConfig): readonly ConfigFinding[] {
  const tracing = sinks.flatMap(({ kind, traces }, index) =>
    kind === 'otlp' && traces === 'finished-runs' ? [index] : [],
  );
  if (tracing.length === 0 || sources.some(isCounting)) return [];
  const message =
    'no configured source counts runs or jobs that finish, so no trace will ever be sent; let a source count them (its README says how), or leave this out';
  return tracing.map((index) => ({ path: ['sinks', index, 'traces'], message }));
}

function isCounting(source: Readonly<Record<string, unknown>>): boolean {
  const { metrics } = prepareSource(source);
  return metrics.includes(runsFinished) || metrics.includes(jobsFinished);
}
