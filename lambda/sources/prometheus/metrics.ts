/** The metrics of the source: a definition for each measure of the configuration or its profile. */
import type { Absence } from '../../model/catalogue/absence.ts';
import { watermarkLag } from '../../model/catalogue/collector-metrics.ts';
import { defineMetric } from '../../model/catalogue/define-metric.ts';
import type { MetricDefinition, Unit } from '../../model/metric.ts';
import { systemErrors } from '../../model/catalogue/run-metrics.ts';
import type { PrometheusConfig } from './config.ts';
import type { Measure } from './measures/measure-setting.ts';
import { profiles } from './profiles.ts';

/** Where relayed metrics stand in CloudWatch: their names are not the collector's own. */
const namespace = 'Prometheus';

const units: Readonly<Record<string, Unit>> = { seconds: 'seconds', bytes: 'bytes', ratio: 'ratio' };

export type MeasureDefinition =
  MetricDefinition<'gauge'> | MetricDefinition<'counter'> | MetricDefinition<'distribution'>;

/** The measures that a configuration asks for. */
export function chooseMeasures({ measures, profile }: PrometheusConfig): readonly Measure[] {
  if (measures !== 'profile') return measures;
  return profile === undefined ? [] : profiles[profile].measures;
}

/** One definition of each, for the life of the process: the ledger knows metrics by it. */
export function defineMeasure({ metric, type, labels }: Measure): MeasureDefinition {
  const common = {
    name: metric,
    help: `Relayed from a metrics page: ${metric}.`,
    unit: chooseUnit(metric),
    labels: ['instance', 'job', ...labels],
    combination: 'sum',
    reduced: true,
  } as const;
  const shape = {
    namespace: { vendor: namespace },
    // Under the name that the page has: a search for it finds both.
    name: metric,
    dimensionSets: [['job', ...labels]],
  } as const;
  if (type === 'gauge')
    return defineMetric({ ...common, type: 'gauge', cloudWatch: { ...shape, statistic: 'Average' } });
  if (type === 'counter')
    return defineMetric({ ...common, type: 'counter', cloudWatch: { ...shape, statistic: 'Sum' } });
  return defineMetric({ ...common, type: 'distribution', cloudWatch: { ...shape, statistic: 'p95' } });
}

/** Only increases need to be remembered. */
export function isStateNeeded(config: PrometheusConfig): boolean {
  return chooseMeasures(config).some(({ type }) => type !== 'gauge');
}

/** What the configuration adds to the series that are passed on; counting adds its own errors. */
export function selectMetrics(config: PrometheusConfig): readonly MetricDefinition[] {
  const measures = chooseMeasures(config).map(defineMeasure);
  return isStateNeeded(config) ? [...measures, systemErrors] : measures;
}

/** By the name: `_seconds`, `_bytes` and `_ratio`, before `_total`. */
function chooseUnit(metric: string): Unit {
  const word =
    metric
      .replace(/_total$/, '')
      .split('_')
      .at(-1) ?? '';
  return Object.hasOwn(units, word) ? (units[word] ?? 'count') : 'count';
}

/** The measures of all profiles. What an operator's own `measures` add is known only from the configuration. */
export const profileMetrics: readonly MetricDefinition[] = Object.values(profiles).flatMap(({ measures }) =>
  measures.map(defineMeasure),
);

export const absences: readonly Absence[] = [
  { metric: systemErrors, when: 'usually' },
  // Counters on a page are read whole in each run, so that nothing can fall behind.
  { metric: watermarkLag, when: 'always' },
];
