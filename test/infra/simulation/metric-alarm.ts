/** Simulates a metric alarm over time: of one series, or of one series for each contributor. */
import { evaluateMath, type Series } from './metric-math.ts';
import { type InsightsQuery, parseInsightsQuery } from './insights-query.ts';
import type { MetricStore, StoredMetric, Window } from './metric-store.ts';
import { type AlarmState, evaluationRange, type Judgement, stateOf } from './alarm-state.ts';
import type { MetricAlarm } from './template-alarms.ts';

/** One metric alarm over time: of a single series, or of one series for each contributor. */

export interface EvaluationContext {
  readonly store: MetricStore;
  readonly nowSeconds: number;
  readonly fillsEmpty: boolean;
}

export interface Contributor {
  readonly attributes: string;
  readonly state: AlarmState;
}

/** Metrics Insights alarms see the last three hours only (CloudWatch user guide, "Metrics Insights alarms"). */
const insightsSeconds = 3 * 3600;

export class SimulatedMetricAlarm {
  readonly definition: MetricAlarm;
  state: AlarmState = 'INSUFFICIENT_DATA';
  /** The newest value of its series, which a step policy is told. */
  newest: number | undefined;
  /** Series of a query that are in ALARM, by the values of their groups. */
  readonly contributors = new Set<string>();
  readonly #judgement: Judgement;
  readonly #query: InsightsQuery | undefined;
  /** In seconds. */
  readonly #period: number;

  constructor(definition: MetricAlarm) {
    this.definition = definition;
    this.#judgement = judgementOf(definition);
    const expression = definition.Metrics.find(({ ReturnData }) => ReturnData)?.Expression;
    this.#query = expression?.startsWith('SELECT') === true ? parseInsightsQuery(expression) : undefined;
    this.#period = periodOf(definition);
    if (this.#query !== undefined && this.#period * definition.EvaluationPeriods > insightsSeconds)
      throw new Error(`${definition.AlarmName} looks back more than three hours, which no query may`);
  }

  /** Names of the groups of its query; none where it has a single series. */
  get groups(): readonly string[] {
    return this.#query?.groups ?? [];
  }

  /** How often CloudWatch evaluates it: each minute, or with its period where that is shorter. */
  get evaluatedEverySeconds(): number {
    return Math.min(this.#period, 60);
  }

  /** Evaluates the alarm once, and returns the contributors that have changed. */
  evaluate(context: EvaluationContext): readonly Contributor[] {
    const window = this.#windowAt(context.nowSeconds);
    if (this.#query !== undefined) return this.#evaluateQuery(this.#query, context, window);
    const series = this.#series(context, window);
    this.newest = series.findLast((value) => value !== undefined);
    this.state = stateOf(series, this.#judgement, this.state);
    return [];
  }

  #windowAt(nowSeconds: number): Window {
    const untilSeconds = Math.floor(nowSeconds / this.#period) * this.#period;
    const count = evaluationRange(this.#judgement.evaluationPeriods);
    return { untilSeconds, periodSeconds: this.#period, count, nowSeconds };
  }

  #series({ store, fillsEmpty }: EvaluationContext, window: Window): Series {
    const { Namespace, MetricName, Dimensions, Statistic, Metrics } = this.definition;
    if (Namespace !== undefined && MetricName !== undefined && Statistic !== undefined)
      return store.series({ namespace: Namespace, name: MetricName, dimensions: Dimensions }, Statistic, window);
    const inputs = Metrics.flatMap(({ Id, MetricStat }): [string, Series][] => {
      if (MetricStat === undefined) return [];
      const { Namespace: namespace, MetricName: name, Dimensions: dimensions } = MetricStat.Metric;
      return [[Id, store.series({ namespace, name, dimensions }, MetricStat.Stat, window)]];
    });
    const series = new Map(inputs);
    // The CDK writes an expression before those that it is made of.
    const inner = Metrics.filter(({ Expression, ReturnData }) => Expression !== undefined && !ReturnData).toReversed();
    for (const { Id, Expression = '' } of inner) series.set(Id, evaluateMath(Expression, { series, fillsEmpty }));
    const expression = Metrics.find(({ ReturnData }) => ReturnData)?.Expression ?? '';
    return evaluateMath(expression, { series, fillsEmpty });
  }

  /** Each series is judged for itself; one that the query no longer finds is over, whatever the treatment says. */
  #evaluateQuery(query: InsightsQuery, { store }: EvaluationContext, window: Window): readonly Contributor[] {
    const found = new Map(
      [...groupsOf(query, store)]
        .map(([group, metrics]) => [group, groupedSeries(query, metrics, store, window)] as const)
        .filter(([, series]) => series.some((value) => value !== undefined)),
    );
    const changed: Contributor[] = [];
    const set = (attributes: string, state: AlarmState): void => {
      const wasOn = this.contributors.has(attributes);
      if (wasOn === (state === 'ALARM')) return;
      if (wasOn) this.contributors.delete(attributes);
      else this.contributors.add(attributes);
      changed.push({ attributes, state });
    };
    for (const gone of [...this.contributors].filter((group) => !found.has(group))) set(gone, 'OK');
    for (const [group, series] of found)
      set(group, stateOf(series, this.#judgement, this.contributors.has(group) ? 'ALARM' : 'OK'));
    if (found.size === 0) this.state = stateOf(Array.from({ length: window.count }), this.#judgement, this.state);
    else this.state = this.contributors.size > 0 ? 'ALARM' : 'OK';
    return changed;
  }
}

function groupsOf(query: InsightsQuery, store: MetricStore): ReadonlyMap<string, readonly StoredMetric[]> {
  const matching = store
    .matching(query.namespace, query.name, query.schema)
    .filter(({ dimensions }) => query.where.every(([name, value]) => dimensions[name] === value));
  return Map.groupBy(matching, ({ dimensions }) => query.groups.map((name) => dimensions[name] ?? '').join('/'));
}

function groupedSeries(
  { statistic }: InsightsQuery,
  metrics: readonly StoredMetric[],
  store: MetricStore,
  window: Window,
): Series {
  const all = metrics.map((metric) => store.series(metric, statistic === 'MIN' ? 'Minimum' : 'Maximum', window));
  return Array.from({ length: window.count }, (_, index) => {
    const values = all.map((series) => series[index]).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    return statistic === 'MIN' ? Math.min(...values) : Math.max(...values);
  });
}

function periodOf({ Period, Metrics, AlarmName }: MetricAlarm): number {
  const period = Period ?? Metrics.map((metric) => metric.MetricStat?.Period ?? metric.Period).find(Boolean);
  if (period === undefined) throw new Error(`${AlarmName} has no period`);
  return period;
}

const comparisons = {
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const;

function judgementOf(alarm: MetricAlarm): Judgement {
  const breaches = comparisons[alarm.ComparisonOperator];
  return {
    evaluationPeriods: alarm.EvaluationPeriods,
    datapointsToAlarm: alarm.DatapointsToAlarm,
    missingData: alarm.TreatMissingData,
    breaches: (value) => breaches(value, alarm.Threshold),
  };
}
