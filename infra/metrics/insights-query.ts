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
  /** Of the points of a period: `MIN` where all of them must be beyond the threshold. */
  readonly aggregate?: 'MAX' | 'MIN';
  /** Values of dimensions that a metric must have, or it belongs to somebody else. */
  readonly where?: Readonly<Record<string, string>>;
}

/** A Metrics Insights alarm needs both GROUP BY and ORDER BY (CloudWatch user guide, "Metrics Insights alarms"). */
export function insightsQuery(query: InsightsQuery): string {
  const { namespace, name, dimensions, groups, worst, aggregate = 'MAX', where = {} } = query;
  const schema = [`"${namespace}"`, ...dimensions.map(identifier)].join(', ');
  const conditions = Object.entries(where).map(([dimension, value]) => `${identifier(dimension)} = '${value}'`);
  return [
    `SELECT ${aggregate}(${name}) FROM SCHEMA(${schema})`,
    ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(' AND ')}`]),
    `GROUP BY ${groups.map(identifier).join(', ')}`,
    `ORDER BY ${aggregate}() ${worst === 'highest' ? 'DESC' : 'ASC'}`,
  ].join(' ');
}

/** Names with other characters than letters, digits and underscores stand in quotes (Metrics Insights syntax). */
function identifier(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name}"`;
}
