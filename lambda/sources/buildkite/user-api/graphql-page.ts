/** Parses a page of a GraphQL list: its records, and how many were unreadable or null. */
import type * as z from 'zod';
import type { Connection } from './graphql-schema.ts';

export interface GraphqlPage<Node> {
  readonly nodes: readonly Node[];
  /** Elements that are not what Buildkite documents. */
  readonly unreadable: number;
  /** How often null stands in the answer in place of a list, of an element or of the page information. */
  readonly withheld: number;
  /** Cursor of the next page; undefined at the end of what can be read. */
  readonly next: string | undefined;
}

export function parsePage<Schema extends z.ZodType>(
  connection: Connection,
  schema: Schema,
): GraphqlPage<z.output<Schema>> {
  if (connection === null || connection === undefined)
    return { nodes: [], unreadable: 0, withheld: 1, next: undefined };
  const { edges, pageInfo } = connection;
  const elements = (edges ?? []).map((edge) => (edge === null ? null : edge.node));
  const present = elements.filter((node) => node !== null);
  const parsed = present.map((node) => schema.safeParse(node));
  const nodes = parsed.flatMap((result) => (result.success ? [result.data] : []));
  const next = findNextCursor(pageInfo);
  return {
    nodes,
    unreadable: present.length - nodes.length,
    withheld: (edges ? 0 : 1) + (elements.length - present.length) + (next === 'unknown' ? 1 : 0),
    next: next === 'unknown' || next === 'none' ? undefined : next.after,
  };
}

/** Without page information, or with a next page that has no cursor, it is unknown what else there is. */
function findNextCursor(
  pageInfo: NonNullable<Connection>['pageInfo'],
): { readonly after: string } | 'none' | 'unknown' {
  if (pageInfo?.hasNextPage === false) return 'none';
  const after = pageInfo?.endCursor;
  return after === null || after === undefined ? 'unknown' : { after };
}
