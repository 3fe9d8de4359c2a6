/** Takes a page of a GraphQL list apart: what can be read, what cannot, and what Buildkite answered null for. */
import type * as z from 'zod';
import type { Connection } from './graphql-schema.ts';

export interface GraphqlPage<Node> {
  readonly nodes: readonly Node[];
  /** Elements that are not what Buildkite documents. */
  readonly unreadable: number;
  /** Places where null stands for elements of which nothing is known: a list, an element, or whether there are more. */
  readonly withheld: number;
  /** Cursor of the next page; undefined at the end of what can be read. */
  readonly next: string | undefined;
}

export function pageOf<Schema extends z.ZodType>(
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
  const next = nextOf(pageInfo);
  return {
    nodes,
    unreadable: present.length - nodes.length,
    withheld: (edges ? 0 : 1) + (elements.length - present.length) + (next === 'unknown' ? 1 : 0),
    next: next === 'unknown' || next === 'none' ? undefined : next.after,
  };
}

/** Without page information, or with a next page that has no cursor, nobody knows what else there is. */
function nextOf(pageInfo: NonNullable<Connection>['pageInfo']): { readonly after: string } | 'none' | 'unknown' {
  if (pageInfo?.hasNextPage === false) return 'none';
  const after = pageInfo?.endCursor;
  return after === null || after === undefined ? 'unknown' : { after };
}
