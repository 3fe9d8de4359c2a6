/** Parses the queries of Metrics Insights that the alarms of this project use. */
import { cursorOver } from './tokens.ts';

/** The part of Metrics Insights' language that alarms of this project use, read back from the text of the query. */

export interface InsightsQuery {
  readonly statistic: 'MAX' | 'MIN';
  readonly name: string;
  readonly namespace: string;
  /** A metric has exactly these dimensions, or the query does not see it. */
  readonly schema: readonly string[];
  readonly where: readonly (readonly [dimension: string, value: string])[];
  readonly groups: readonly string[];
  readonly order: 'ASC' | 'DESC';
}

/** `SELECT MAX(x) FROM SCHEMA("CI", Queue) WHERE Source = 'a' GROUP BY Queue ORDER BY MAX() DESC`. */
export function parseInsightsQuery(text: string): InsightsQuery {
  const cursor = cursorOver(text);
  const list = (end: (() => boolean) | undefined): string[] => {
    const names: string[] = [];
    do names.push(cursor.next().text);
    while (cursor.take(','));
    if (end !== undefined && !end()) throw new Error(`a list does not end in ${text}`);
    return names;
  };
  cursor.expect('SELECT');
  const statistic = cursor.take('MIN') ? 'MIN' : 'MAX';
  if (statistic === 'MAX') cursor.expect('MAX');
  cursor.expect('(');
  const name = cursor.next().text;
  for (const word of [')', 'FROM', 'SCHEMA', '(']) cursor.expect(word);
  const [namespace = '', ...schema] = list(() => cursor.take(')'));
  const where: [string, string][] = [];
  if (cursor.take('WHERE')) {
    do {
      const dimension = cursor.next().text;
      cursor.expect('=');
      where.push([dimension, cursor.next().text]);
    } while (cursor.take('AND'));
  }
  for (const word of ['GROUP', 'BY']) cursor.expect(word);
  const groups = list(undefined);
  for (const word of ['ORDER', 'BY', statistic, '(', ')']) cursor.expect(word);
  const order = cursor.take('ASC') ? 'ASC' : 'DESC';
  if (order === 'DESC') cursor.expect('DESC');
  if (cursor.peek() !== undefined) throw new Error(`cannot read the end of ${text}`);
  return { statistic, name, namespace, schema, where, groups, order };
}
