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
  const { groups, worst, aggregate = 'MAX' } = query;
  return [
    formatInsightsSelect({ ...query, aggregate }),
    `GROUP BY ${groups.map(quoteIdentifier).join(', ')}`,
    `ORDER BY ${aggregate}() ${worst === 'highest' ? 'DESC' : 'ASC'}`,
  ].join(' ');
}

export interface InsightsSelect extends Pick<InsightsQuery, 'namespace' | 'name' | 'dimensions' | 'where'> {
  readonly aggregate: 'MAX' | 'MIN' | 'AVG' | 'SUM';
}

/** One series of everything that fits. @throws Error for a value that cannot stand in a query. */
export function formatInsightsSelect({ namespace, name, dimensions, aggregate, where = {} }: InsightsSelect): string {
  const schema = [`"${namespace}"`, ...dimensions.map(quoteIdentifier)].join(', ');
  const conditions = Object.entries(where).map(
    ([dimension, value]) => `${quoteIdentifier(dimension)} = ${quoteValue(value)}`,
  );
  return [
    `SELECT ${aggregate}(${name}) FROM SCHEMA(${schema})`,
    ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(' AND ')}`]),
  ].join(' ');
}

/** Values stand in single quotes, and no escape for one is documented (Metrics Insights syntax). */
function quoteValue(value: string): string {
  if (!/['\\]/.test(value)) return `'${value}'`;
  throw new Error(`${JSON.stringify(value)} cannot stand in a query of CloudWatch, for its quotes or backslashes`);
}

/** Names with other characters than letters, digits and underscores stand in quotes (Metrics Insights syntax). */
function quoteIdentifier(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `"${name}"`;
}
