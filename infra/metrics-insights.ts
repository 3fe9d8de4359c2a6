/** Which contributors come first, where there are more than CloudWatch looks at. */
export type Worst = 'highest' | 'lowest';

export interface InsightsQuery {
  readonly namespace: string;
  readonly name: string;
  /** Names of all dimensions of the metric. */
  readonly dimensions: readonly string[];
  /** Dimensions that tell one contributor from another. */
  readonly groups: readonly string[];
  readonly worst: Worst;
}

/** A Metrics Insights alarm needs both GROUP BY and ORDER BY (CloudWatch user guide, "Metrics Insights alarms"). */
export function insightsQuery({ namespace, name, dimensions, groups, worst }: InsightsQuery): string {
  const schema = [`"${namespace}"`, ...dimensions.map(identifier)].join(', ');
  const order = worst === 'highest' ? 'DESC' : 'ASC';
  return `SELECT MAX(${name}) FROM SCHEMA(${schema}) GROUP BY ${groups.map(identifier).join(', ')} ORDER BY MAX() ${order}`;
}

/** Names with other characters than letters, digits and underscores stand in quotes (Metrics Insights syntax). */
function identifier(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name}"`;
}
