/** What an alarm in PromQL looks at, in place of a metric of CloudWatch: the same figure, stored by OTLP. */
import type { Labels, MetricDefinition } from '../../lambda/model/metric.ts';
import { sourceUp } from '../../lambda/model/catalogue/collector-metrics.ts';
import type { OtlpConfig } from '../../lambda/sinks/otlp/config.ts';
import { doesStoreIncreases } from '../../lambda/sinks/otlp/stored.ts';
import type { AlarmWindow } from '../alarms/windows.ts';
import type { Prepared } from '../prepared.ts';
import { findLabelName, type OtlpNaming, buildSelector } from './promql-selector.ts';
import { chooseScheduleRate } from '../settings.ts';

export interface Condition {
  readonly operator: '>' | '>=' | '<' | '<=';
  readonly threshold: number;
  readonly window: AlarmWindow;
  /** Whether the state stays while the source of the figure tells nothing. */
  readonly isKept: boolean;
}

export interface PromqlReading {
  /** The query that finds something exactly while the condition holds. */
  readonly query: (condition: Condition) => string;
}

export interface LevelOptions {
  readonly labels: Labels;
  /** Labels that tell one contributor from another; absent where the alarm is on one thing. */
  readonly by?: readonly string[];
  /** Of several values in one minute. Default: that of the metric in CloudWatch. */
  readonly statistic?: string;
  /** Whose series it is; absent where it may be any source's. */
  readonly source?: string;
}

/**
 * For so many runs a state is kept while its source is not well, because PromQL has no memory beyond what it reads. With
 * the window of an alarm this is about 250 samples of a series each minute, so that two alarms on the 500 series that a
 * query may find stay below the 300 million samples a day that CloudWatch reads for queries.
 */
const keptRuns = 15;

/** A level, run by run. */
export function buildLevelReading(
  { config }: Prepared,
  sink: OtlpConfig,
  definition: MetricDefinition,
  options: LevelOptions,
): PromqlReading {
  const naming: OtlpNaming = { sink, config };
  const { labels, by = [], source, statistic = definition.cloudWatch.statistic } = options;
  const minutes = chooseScheduleRate(config).toMinutes();
  const step = `${String(minutes)}m`;
  const selector = buildSelector(naming, definition, labels);
  const groups = by.map((label) => findLabelName(naming, definition, label)).join(', ');
  const grouping = by.length === 0 ? '' : ` by (${groups}) `;
  const combine = (vector: string): string =>
    convertLevel(`${definition.combination}${grouping}(${vector})`, definition);
  // The least age is that of the latest time.
  const isLeast = (statistic === 'Minimum') !== (definition.cloudWatch.conversion === 'age');
  const level = combine(`${isLeast ? 'min' : 'max'}_over_time(${selector}[${step}])`);
  const up = buildSelector(naming, sourceUp, source === undefined ? {} : { source });
  const ofSource = source === undefined ? findLabelName(naming, sourceUp, 'source') : '';

  const buildQuery = ({ operator, threshold, window, isKept }: Condition): string => {
    const bound = `${operator} ${String(threshold)}`;
    const range = minutes * window.of;
    const verdict =
      window.of === 1
        ? `${level} ${bound}`
        : `count_over_time((${level} ${bound})[${String(range)}m:${step}]) >= ${String(window.bad)}`;
    if (!isKept) return verdict;
    const kept = keptRuns * minutes;
    const last = combine(`last_over_time(${selector}[${String(kept + range)}m])`);
    return [
      verdict,
      `or ((last_over_time((${verdict})[${String(kept)}m:${step}]) and ${last} ${bound})`,
      `unless on (${ofSource}) (max_over_time(${up}[${step}]) == 1))`,
    ].join(' ');
  };
  return { query: buildQuery };
}

function convertLevel(vector: string, { cloudWatch: { conversion } }: MetricDefinition): string {
  if (conversion === 'age') return `(time() - ${vector})`;
  if (conversion === 'left') return `(${vector} - time())`;
  return conversion === 'percent' ? `(100 * ${vector})` : vector;
}

export interface CountOptions {
  readonly labels: Labels;
  readonly oneOf?: Readonly<Record<string, readonly string[]>>;
  readonly minutes: number;
}

/** How often something happened in the last minutes, of all series that fit. */
export function buildCountExpression(
  { config }: Prepared,
  sink: OtlpConfig,
  definition: MetricDefinition,
  { labels, oneOf, minutes }: CountOptions,
): string {
  const range = `${buildSelector({ sink, config }, definition, labels, oneOf)}[${String(minutes)}m]`;
  // Increases are stored as they are told; of running totals PromQL estimates what lies between two samples.
  return doesStoreIncreases(sink) ? `sum(sum_over_time(${range}))` : `round(sum(increase(${range})))`;
}

/** A figure that holds its time within itself. */
export function buildFigureReading(expression: string): PromqlReading {
  return {
    query: ({ operator, threshold }) => `${expression} ${operator} ${String(threshold)}`,
  };
}
