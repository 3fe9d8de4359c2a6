/** Writes queries in CloudWatch Metrics Insights, for alarms on every queue or workflow. */

/** Which contributors come first: CloudWatch evaluates only so many of them. */
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
  /** Values of dimensions by which the metrics of this collector are told from others. */
  readonly where?: Readonly<Record<string, string>>;
}

/** A Metrics Insights alarm needs both GROUP BY and ORDER BY (CloudWatch user guide, "Metrics Insights alarms"). */
export function formatInsightsQuery(query: InsightsQuery): string {
  const { namespace, name, dimensions, groups, worst, aggregate = 'MAX', where = {} } = query;
  const schema = [`"${namespace}"`, ...dimensions.map(quoteIdentifier)].join(', ');
  const conditions = Object.entries(where).map(([dimension, value]) => `${quoteIdentifier(dimension)} = '${value}'`);
  return [
    `SELECT ${aggregate}(${name}) FROM SCHEMA(${schema})`,
    ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(' AND ')}`]),
    `GROUP BY ${groups.map(quoteIdentifier).join(', ')}`,
    `ORDER BY ${aggregate}() ${worst === 'highest' ? 'DESC' : 'ASC'}`,
  ].join(' ');
}

/** Names with other characters than letters, digits and underscores stand in quotes (Metrics Insights syntax). */
function quoteIdentifier(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name}"`;
}
